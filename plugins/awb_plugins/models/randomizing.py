"""Put the weights of a torch module out of order, from the last layer backwards.

References
----------
Adebayo, J., et al. (2018). Sanity checks for saliency maps. NeurIPS 31. arXiv:1810.03292 (Cascading
randomization draws new weights; here each tensor's own entries are permuted instead, so that scale
and spread stay those of the trained layer and no unit is silenced by an unlucky draw.)
"""

from __future__ import annotations

import copy
import math
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from awb.errors import ParameterError

Module = TypeVar("Module", bound=nn.Module)
Model = TypeVar("Model")


def randomized_module(module: Module, share: float, rng: np.random.Generator) -> Module:
    """Copy a module and permute the weights of its last layers."""
    if not 0.0 < share <= 1.0:
        raise ParameterError(f"the share of randomized layers must lie in (0, 1]: {share}")
    twin = copy.deepcopy(module)
    layers = [layer for layer in twin.modules() if list(layer.parameters(recurse=False))]
    if not layers:
        raise ParameterError("the model has no layer with weights")
    with torch.no_grad():
        for layer in layers[-math.ceil(share * len(layers) - 1e-9) :]:
            for weight in layer.parameters(recurse=False):
                order = torch.from_numpy(rng.permutation(weight.numel())).to(weight.device)
                weight.copy_(weight.flatten()[order].view_as(weight))
    return twin


def randomized_twin(
    model: Model, share: float, rng: np.random.Generator, *, module: str = "back_end"
) -> Model:
    """Copy a model object around a randomized copy of its network."""
    twin = copy.copy(model)
    setattr(twin, module, randomized_module(getattr(model, module), share, rng))
    vars(twin)["weights_sha256"] = ""
    return twin
