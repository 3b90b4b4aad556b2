"""Plugins: finding them, naming them on the command line, and resolving names to specs."""
