"""How ``awb train`` trains soundscape-wave."""

from __future__ import annotations

import torch

from awb.errors import PluginError
from awb_plugins.models.soundscape_wave.network import SAMPLE_RATE_HZ, BackEnd
from awb_plugins.models.wav2vec2.model import Samples
from awb_plugins.training import Network, Recipe


def make(n_classes: int) -> Network:
    """Make an untrained network, with batch normalization."""
    return Network(Samples(normalizes=False), BackEnd(n_classes, batch_norm=True))


def finish(back_end: torch.nn.Module) -> torch.nn.Module:
    """Fold the normalizations away."""
    if not isinstance(back_end, BackEnd):
        raise PluginError(
            f"expected the back end of soundscape-wave, got {type(back_end).__name__}"
        )
    return back_end.folded()


def recipe() -> Recipe:
    """Return the recipe: multi-label, 16 kHz."""
    return Recipe(
        task="multi-label",
        sample_rate_hz=SAMPLE_RATE_HZ,
        make=make,
        finish=finish,
        augment=("noise", "gain"),
        epochs=14,
    )
