"""Figures and pages made from runs; matplotlib is imported by the function that draws."""
