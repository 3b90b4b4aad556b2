"""Stacks of convolutions, with normalization while they are trained and without it afterwards."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterable

from torch import nn


def stacked(layers: Iterable[nn.Conv2d], *, batch_norm: bool) -> nn.Sequential:
    """Stack convolutions, with a ReLU behind each."""
    named: OrderedDict[str, nn.Module] = OrderedDict()
    for number, layer in enumerate(layers, start=1):
        named[f"conv{number}"] = layer
        if batch_norm:
            named[f"norm{number}"] = nn.BatchNorm2d(layer.out_channels)
        named[f"relu{number}"] = nn.ReLU()
    return nn.Sequential(named)


def without_norms(stack: nn.Sequential) -> nn.Sequential:
    """Fold each normalization into the convolution before it."""
    layers = {name: copy.deepcopy(layer).eval() for name, layer in stack.named_children()}
    kept: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in layers.items():
        norm = layers.get(name.replace("conv", "norm"))
        if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            kept[name] = nn.utils.fuse_conv_bn_eval(layer, norm)
        elif not isinstance(layer, nn.BatchNorm2d):
            kept[name] = layer
    return nn.Sequential(kept).eval()
