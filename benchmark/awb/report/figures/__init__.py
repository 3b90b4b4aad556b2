"""Figures for papers: PDF, PNG and SVG through matplotlib."""
