"""A run on disk: its folder, its results, and what was stopped in it."""
