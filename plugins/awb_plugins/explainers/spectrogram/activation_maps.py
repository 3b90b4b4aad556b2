"""Maps of the last layer that knows time, weighted: ``grad-cam``, ``grad-cam++``, ``score-cam``.

Where that is, `cutting` finds: what comes out of the last convolutions after norm, activation and
residual, or the tokens of a transformer; or ``target_layer`` names a module.

A channel's map is stretched over the features by interpolation. By default nothing is rectified at
the end: what speaks against the target comes out negative in `grad-cam`. The other two weigh
positive maps by positive weights, and cannot say it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.background import Single, one_background
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer, MapParameters

if TYPE_CHECKING:
    import torch

    from awb_plugins.explainers.spectrogram.cutting import Cut

_BATCH = 16
_FLAT = 1e-7  # a channel that varies less says nothing


class TargetParameters(MapParameters):
    """Settings of all: ``target_layer``, a module of the back end; empty for what is found."""

    target_layer: str = ""


class CamParameters(TargetParameters):
    """Settings of `grad-cam` and `grad-cam++`.

    ``relu`` drops what speaks against the target; `grad-cam++` never holds any.
    """

    relu: bool = False


class ScoreCamParameters(TargetParameters):
    """Settings of `score-cam`: the ``baseline`` that shows where a channel is silent."""

    baseline: Single = "dropped"


def stretch(maps: Any, features: torch.Tensor) -> torch.Tensor:
    """Stretch maps of a layer over the features.

    Parameters
    ----------
    maps : torch.Tensor, shape=(n, channels, frames, bins) or (n, channels, frames)
        Maps at the resolution of the layer.
    features : torch.Tensor, shape=(1, frames, bins)
        Features over which to stretch.

    Returns
    -------
    torch.Tensor, shape=(n, channels, frames, bins)
        Maps at the resolution of the features, bilinear.
    """
    from torch.nn.functional import interpolate

    grid = maps if maps.ndim == 4 else maps[..., None]
    wanted = features.shape[1:]
    size = [to if known > 1 else 1 for known, to in zip(grid.shape[2:], wanted, strict=True)]
    stretched: torch.Tensor = interpolate(grid, size, mode="bilinear")
    return stretched.expand(-1, -1, *wanted)  # a single row repeated exactly: interpolation rounds


def grad_cam(heard: Heard, parts: Cut, *, relu: bool) -> torch.Tensor:
    """Weigh maps by the mean gradient of the score at them.

    Parameters
    ----------
    heard : Heard
        Clip and model.
    parts : Cut
        Its back end in two parts.
    relu : bool
        Whether what speaks against the target is dropped.

    Returns
    -------
    torch.Tensor, shape=(1, 1, frames[, bins])
        Their weighted sum, at the resolution of the layer.
    """
    maps, gradient = parts.maps_and_gradient(heard.features, heard.target)
    weights = gradient.mean(dim=tuple(range(2, maps.ndim)), keepdim=True)
    combined = (weights * maps).sum(dim=1, keepdim=True)
    return combined.clamp(min=0) if relu else combined


class GradCam(MapExplainer):
    """Channels weighted by the mean gradient of the score at them."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        parts = heard.cut(self.parameters.target_layer)
        combined = grad_cam(heard, parts, relu=self.parameters.relu)
        return stretch(combined, heard.features)[:, 0]


class GradCamPlusPlus(MapExplainer):
    """Channels weighted by their positive gradients, places of strong gradient counting more."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        parts = heard.cut(self.parameters.target_layer)
        maps, gradients = parts.maps_and_gradient(heard.features, heard.target)
        places = tuple(range(2, maps.ndim))
        active = maps.clamp(min=0)
        square = gradients**2
        total = 2 * square + active.sum(dim=places, keepdim=True) * gradients**3
        share = square / self.torch.where(total.abs() > 1e-30, total, 1.0)
        weights = (share * gradients.clamp(min=0)).sum(dim=places, keepdim=True)
        combined = (weights * active).sum(dim=1, keepdim=True)
        return stretch(combined, heard.features)[:, 0]


class ScoreCam(MapExplainer):
    """Channels weighted by the score of the clip seen through them."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        parts = heard.cut(self.parameters.target_layer)
        with self.torch.no_grad():
            active = parts.lay_out(parts.body(heard.features)).clamp(min=0)
            maps = stretch(active, heard.features)[0]
            low = maps.amin(dim=(1, 2), keepdim=True)
            span = maps.amax(dim=(1, 2), keepdim=True) - low
            heard_well = span[:, 0, 0] > _FLAT
            if not heard_well.any():
                return heard.features * 0.0
            maps, masks = maps[heard_well], ((maps - low) / span)[heard_well]
            nothing = one_background(heard, self.parameters.baseline)
            seen = nothing + masks * (heard.features - nothing)
            batches = self.torch.split(seen, _BATCH)
            gains = self.torch.cat([heard.score(batch) for batch in batches])
            weights = self.torch.softmax(gains - heard.score(nothing), dim=0)
            found: torch.Tensor = (weights[:, None, None] * maps).sum(dim=0, keepdim=True)
        return found


SPECS = [
    ExplainerSpec(
        name="grad-cam",
        summary="Maps of the last layer weighted by mean gradients; signed unless relu=true.",
        citation="Selvaraju et al. (2017), arXiv:1610.02391; captum, arXiv:2009.07896",
        cost="five calls and two backward passes",
        needs=(DifferentiableModel,),
        parameters=CamParameters,
        factory=finished(GradCam),
    ),
    ExplainerSpec(
        name="grad-cam++",
        summary="Maps of the last layer weighted by positive gradients, place by place.",
        citation="Chattopadhay et al. (2018), arXiv:1710.11063",
        cost="five calls and two backward passes",
        needs=(DifferentiableModel,),
        parameters=CamParameters,
        factory=finished(GradCamPlusPlus),
    ),
    ExplainerSpec(
        name="score-cam",
        summary="Maps of the last layer weighted by the score of what they let through.",
        citation="Wang et al. (2020), arXiv:1910.01279",
        cost="one call per channel of the last layer, five more and a backward pass",
        needs=(DifferentiableModel,),
        parameters=ScoreCamParameters,
        factory=finished(ScoreCam),
    ),
]
