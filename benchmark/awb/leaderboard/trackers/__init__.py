"""Trackers of experiments: results of a run to MLflow, Weights & Biases or TensorBoard."""
