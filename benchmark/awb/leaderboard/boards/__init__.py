"""Boards: ranked tables, and the sentences about them."""
