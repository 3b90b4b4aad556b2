"""Submissions: their schema, and their files."""
