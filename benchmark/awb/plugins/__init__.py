"""Plugins: discovery, references on the command line, and resolving references to specs."""
