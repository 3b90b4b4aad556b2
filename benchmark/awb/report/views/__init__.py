"""Data for display: boards with their rows, instances with their audio, and spectrograms."""
