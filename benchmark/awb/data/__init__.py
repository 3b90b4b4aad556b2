"""Matching of labels with classes, prepared tables of instances, and reasons for exclusion."""
