"""Checks of the installation: libraries, plugins, and self-tests of the metrics."""
