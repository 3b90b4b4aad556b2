"""The settings of a run: fields, TOML in and out, sweeps, limits, and the plugins they name."""
