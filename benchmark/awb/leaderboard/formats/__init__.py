"""Formats of boards: terminal, Markdown, CSV, JSON, LaTeX, HTML, and the long table."""
