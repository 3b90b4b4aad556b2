"""How ``awb train`` trains soundscape-ast."""

from __future__ import annotations

from awb_plugins.models.soundscape_ast.network import FORMAT, Frames, make_classifier
from awb_plugins.training import Network, Recipe


def make(n_classes: int) -> Network:
    """Make an untrained network."""
    return Network(Frames(padded=True), make_classifier(n_classes))


def recipe() -> Recipe:
    """Return the recipe: multi-label, 16 kHz."""
    return Recipe(
        task="multi-label",
        sample_rate_hz=FORMAT.sample_rate_hz,
        make=make,
        augment=("spec-augment",),
        epochs=16,
        batch=16,
        learning_rate=2e-3,
    )
