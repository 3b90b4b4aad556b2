"""Stacks of convolutions, with normalization while they are trained and without it afterwards."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterable

from torch import nn

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def stacked(layers: Iterable[nn.Conv1d | nn.Conv2d], *, batch_norm: bool) -> nn.Sequential:
    """Stack convolutions, with a ReLU behind each."""
    named: OrderedDict[str, nn.Module] = OrderedDict()
    for number, layer in enumerate(layers, start=1):
        named[f"conv{number}"] = layer
        if batch_norm:
            kind = nn.BatchNorm1d if isinstance(layer, nn.Conv1d) else nn.BatchNorm2d
            named[f"norm{number}"] = kind(layer.out_channels)
        named[f"relu{number}"] = nn.ReLU()
    return nn.Sequential(named)


def without_norms(stack: nn.Sequential) -> nn.Sequential:
    """Fold each normalization into the convolution before it."""
    layers = {name: copy.deepcopy(layer).eval() for name, layer in stack.named_children()}
    kept: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in layers.items():
        norm = layers.get(name.replace("conv", "norm"))
        if isinstance(layer, nn.Conv1d | nn.Conv2d) and isinstance(norm, _NORMS):
            kept[name] = nn.utils.fuse_conv_bn_eval(layer, norm)
        elif not isinstance(layer, _NORMS):
            kept[name] = layer
    return nn.Sequential(kept).eval()
