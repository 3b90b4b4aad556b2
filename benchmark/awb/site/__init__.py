"""A static site of all submissions, with one page per board, model and explainer."""
