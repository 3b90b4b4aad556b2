"""Audio files: reading, containers, sample rates."""
