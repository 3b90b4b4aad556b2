"""For authors of plugins: from nothing to a package, and from a function to an explainer."""
