"""Torch modules as models: float32 copies, what their output means, and trials before use."""
