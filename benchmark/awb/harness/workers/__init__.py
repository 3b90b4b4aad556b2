"""Worker processes: this process, children that can be stopped, a Dask cluster."""
