"""Plugins: discovery, references on the command line, and resolution of names to specs."""
