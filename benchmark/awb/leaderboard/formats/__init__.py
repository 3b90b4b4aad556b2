"""Boards as text: terminal, Markdown, CSV, JSON, LaTeX, HTML, and the long table."""
