"""How a `Crnn` is trained."""

from __future__ import annotations

import torch

from awb.errors import PluginError
from awb_plugins.models.crnn.network import Crnn
from awb_plugins.models.log_mel_front_end import SAMPLE_RATE_HZ, FrontEnd
from awb_plugins.training import Network, Recipe
from awb_plugins.training.recipe import GAIN, NOISE


def make(n_classes: int) -> Network:
    """Make an untrained network, with batch normalization."""
    return Network(FrontEnd(), Crnn(n_classes, batch_norm=True))


def calibrate(network: Network, features: torch.Tensor) -> None:
    """Set the fixed shift and scale of every mel bin from training features."""
    back_end = _crnn(network.back_end)
    back_end.bin_mean.copy_(features.mean(dim=(0, 1)))
    back_end.bin_scale.copy_(1 / features.std(dim=(0, 1)))


def finish(back_end: torch.nn.Module) -> torch.nn.Module:
    """Fold the normalizations away."""
    return _crnn(back_end).folded()


def _crnn(back_end: torch.nn.Module) -> Crnn:
    if not isinstance(back_end, Crnn):
        raise PluginError(f"expected a Crnn, got {type(back_end).__name__}")
    return back_end


def crnn_recipe(*, epochs: int, patience: int, duration_s: float | None = None) -> Recipe:
    """Return the recipe of a multi-class `Crnn` at 16 kHz."""
    return Recipe(
        task="multi-class",
        sample_rate_hz=SAMPLE_RATE_HZ,
        make=make,
        finish=finish,
        calibrate=calibrate,
        duration_s=duration_s,
        augment=(NOISE, GAIN),
        epochs=epochs,
        patience=patience,
    )
