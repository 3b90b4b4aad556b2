"""How UrbanSound-CNN is trained."""

from __future__ import annotations

from awb_plugins.models.urbansound_cnn.network import SAMPLE_RATE_HZ, Picture, UrbanSoundCnn
from awb_plugins.training import Network, Recipe
from awb_plugins.training.recipe import GAIN, NOISE, SPEED


def make(n_classes: int) -> Network:
    """Make an untrained network."""
    return Network(Picture(), UrbanSoundCnn(n_classes))


def recipe() -> Recipe:
    """Return the recipe: clips of 4 s with one class each, varied in speed, noise and level."""
    return Recipe(
        task="multi-class",
        sample_rate_hz=SAMPLE_RATE_HZ,
        make=make,
        duration_s=4.0,
        augment=(SPEED, NOISE, GAIN),
        epochs=40,
        patience=8,
        learning_rate=1e-3,
    )
