"""Explainers that ask the model about masked clips, and nothing else: they fit every model."""
