"""Figures, pages and videos of runs; matplotlib is imported only when a figure is drawn."""
