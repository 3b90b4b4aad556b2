"""A run on disk: its folder, its results, and the plugins that were stopped."""
