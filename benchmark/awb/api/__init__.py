"""The Python interface: what the command line does, from a script or a notebook."""
