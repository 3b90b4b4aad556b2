"""A static site over all submissions: a page for each board, model and explainer."""
