"""How ``awb train`` trains the network of soundscape-cnn, on any multi-label dataset.

The embedded weights come from `awb_plugins.models.soundscape_cnn.train`, whose augmentation also
mixes clips and drops segments.
"""

from __future__ import annotations

import torch

from awb.errors import PluginError
from awb_plugins.models.log_mel_front_end import SAMPLE_RATE_HZ, FrontEnd
from awb_plugins.models.soundscape_cnn.network import BackEnd
from awb_plugins.training import Network, Recipe


def make(n_classes: int) -> Network:
    """Make an untrained network, with batch normalization."""
    return Network(FrontEnd(), BackEnd(n_classes, batch_norm=True))


def calibrate(network: Network, features: torch.Tensor) -> None:
    """Set the fixed shift and scale of every mel bin from training features."""
    back_end = _checked(network.back_end)
    back_end.bin_mean.copy_(features.mean(dim=(0, 1)))
    back_end.bin_scale.copy_(1 / features.std(dim=(0, 1)))


def finish(back_end: torch.nn.Module) -> torch.nn.Module:
    """Fold the normalizations away."""
    return _checked(back_end).folded()


def _checked(back_end: torch.nn.Module) -> BackEnd:
    if not isinstance(back_end, BackEnd):
        raise PluginError(f"expected the back end of soundscape-cnn, got {type(back_end).__name__}")
    return back_end


def recipe() -> Recipe:
    """Return the recipe: multi-label, 16 kHz, all augmentations but changes of speed."""
    return Recipe(
        task="multi-label",
        sample_rate_hz=SAMPLE_RATE_HZ,
        make=make,
        finish=finish,
        calibrate=calibrate,
        augment=("noise", "gain", "spec-augment"),
        epochs=14,
    )
