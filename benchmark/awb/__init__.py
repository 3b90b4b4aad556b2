"""awb, the Audio Where Benchmark: does an explanation of an audio classifier point at the sound?"""
