"""One unit of work: an instance with all its explainers and metrics, evaluated in a worker."""
