"""Gradients of the score at the features: ``saliency``, ``input-x-gradient``, ``smoothgrad``,
``guided-backprop``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.background import Single, one_background
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer, MapParameters

if TYPE_CHECKING:
    import torch


class Saliency(MapExplainer):
    """The absolute gradient."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        method = self.captum.Saliency(heard.model.back_end)
        found: torch.Tensor = method.attribute(heard.features, target=heard.target)
        return found


class InputXGradientParameters(MapParameters):
    """Settings of `input-x-gradient`: the ``baseline`` that is taken from the features first."""

    baseline: Single = "zero"


class InputXGradient(MapExplainer):
    """The gradient times the features: for the plain method, times the features themselves.

    On a logarithmic spectrogram zero is not silence but full scale, so that the product changes
    sign; ``baseline=dropped`` measures the features from what silence gives.
    """

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        method = self.captum.InputXGradient(heard.model.back_end)
        if self.parameters.baseline == "zero":
            found: torch.Tensor = method.attribute(heard.features, target=heard.target)
            return found
        gradient: torch.Tensor = self.captum.Saliency(heard.model.back_end).attribute(
            heard.features, target=heard.target, abs=False
        )
        return gradient * (heard.features - one_background(heard, self.parameters.baseline))


class SmoothgradParameters(MapParameters):
    """Settings of `smoothgrad`.

    ``samples`` is the number of noisy copies, ``noise`` their standard deviation in units of the
    range of the features.
    """

    samples: int = Field(default=25, ge=1)
    noise: float = Field(default=0.15, gt=0)


class Smoothgrad(MapExplainer):
    """The mean of the gradients at noisy copies of the features; signed."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        spread = float(heard.features.max() - heard.features.min())
        found: torch.Tensor = self.captum.NoiseTunnel(
            self.captum.Saliency(heard.model.back_end)
        ).attribute(
            heard.features,
            nt_type="smoothgrad",
            nt_samples=self.parameters.samples,
            nt_samples_batch_size=min(5, self.parameters.samples),
            stdevs=max(self.parameters.noise * spread, 1e-12),
            target=heard.target,
            abs=False,
        )
        return found


class GuidedBackprop(MapExplainer):
    """The gradient with negative parts set to zero on the way back through every ReLU.

    A ReLU is a module or a function, a ReLU6, a clamp from zero upwards, or the maximum of
    activations and zero. Others hand back their gradient, as does a ReLU that is spelled in several
    operations, such as ``where(x > 0, x, 0)``. Without a ReLU it is not applicable.

    Parameters
    ----------
    parameters : MapParameters
        Settings.
    """

    def __init__(self, parameters: MapParameters) -> None:
        from awb_plugins.explainers.graph import backprop

        super().__init__(parameters)
        self._backprop = backprop

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        return self._backprop.gradient(heard.tape(), heard.target, "guided")


SPECS = [
    ExplainerSpec(
        name="saliency",
        summary="Absolute gradient of the score at the spectrogram; unsigned.",
        citation="Simonyan et al. (2013), arXiv:1312.6034; captum, arXiv:2009.07896",
        cost="one call and one backward pass",
        needs=(DifferentiableModel,),
        parameters=MapParameters,
        factory=finished(Saliency),
    ),
    ExplainerSpec(
        name="input-x-gradient",
        summary="Gradient of the score times the spectrogram.",
        citation="Shrikumar et al. (2016), arXiv:1605.01713; captum, arXiv:2009.07896",
        cost="one call and one backward pass",
        needs=(DifferentiableModel,),
        parameters=InputXGradientParameters,
        factory=finished(InputXGradient),
    ),
    ExplainerSpec(
        name="smoothgrad",
        summary="Mean gradient of the score at noisy copies of the spectrogram.",
        citation="Smilkov et al. (2017), arXiv:1706.03825; captum, arXiv:2009.07896",
        cost="25 calls and backward passes",
        needs=(DifferentiableModel,),
        parameters=SmoothgradParameters,
        factory=finished(Smoothgrad),
    ),
    ExplainerSpec(
        name="guided-backprop",
        summary="Gradient of the score with negative parts dropped at every ReLU.",
        citation="Springenberg et al. (2014), arXiv:1412.6806",
        cost="one call and one backward pass",
        needs=(DifferentiableModel,),
        parameters=MapParameters,
        factory=finished(GuidedBackprop),
    ),
]
