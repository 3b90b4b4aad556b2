"""Where the embedded weights lie; `awb_plugins.training.weights` reads and writes such files."""

from __future__ import annotations

from pathlib import Path

NAME = "soundscape-cnn"
EMBEDDED = Path(__file__).with_name("weights.safetensors")
RANDOM_LABELS = Path(__file__).with_name("random_labels.safetensors")
