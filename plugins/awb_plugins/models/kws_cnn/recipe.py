"""How kws-cnn is trained."""

from __future__ import annotations

import torch

from awb.errors import PluginError
from awb_plugins.models.kws_cnn.network import FORMAT, BackEnd, make_front_end
from awb_plugins.training import Network, Recipe
from awb_plugins.training.recipe import GAIN, NOISE, SPEC_AUGMENT

EPOCHS, PATIENCE = 12, 6


def make(n_classes: int) -> Network:
    """Make an untrained network, with what training needs."""
    return Network(make_front_end(), BackEnd(n_classes, training_parts=True))


def calibrate(network: Network, features: torch.Tensor) -> None:
    """Set the fixed shift and scale of every mel bin from training features."""
    back_end = _back_end(network.back_end)
    back_end.bin_mean.copy_(features.mean(dim=(0, 1)))
    back_end.bin_scale.copy_(1 / features.std(dim=(0, 1)))


def finish(back_end: torch.nn.Module) -> torch.nn.Module:
    """Leave out what only training needs."""
    return _back_end(back_end).finished()


def _back_end(module: torch.nn.Module) -> BackEnd:
    if not isinstance(module, BackEnd):
        raise PluginError(f"expected kws-cnn's back end, got {type(module).__name__}")
    return module


def kws_recipe() -> Recipe:
    """Return the recipe."""
    return Recipe(
        task="multi-label",
        sample_rate_hz=FORMAT.sample_rate_hz,
        make=make,
        finish=finish,
        calibrate=calibrate,
        duration_s=6.0,
        augment=(NOISE, GAIN, SPEC_AUGMENT),
        epochs=EPOCHS,
        patience=PATIENCE,
    )
