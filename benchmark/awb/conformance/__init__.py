"""The conformance kit: does a plugin keep its contract? One module a kind, one function a rule."""
