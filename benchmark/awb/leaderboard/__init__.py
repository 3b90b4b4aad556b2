"""Boards: ranked tables made from a run, and how they are written."""
