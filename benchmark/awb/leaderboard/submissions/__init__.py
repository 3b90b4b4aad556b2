"""Submissions: their schema, their names and their files."""
