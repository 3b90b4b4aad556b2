"""The conformance kit, which tests plugins: one module per kind, one function per rule."""
