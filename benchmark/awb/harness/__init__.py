"""The harness: configuration, selection, units of work, executors and the store."""
