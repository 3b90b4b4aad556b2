"""Is this installation sound? What is installed, and do the metrics measure what they say?"""
