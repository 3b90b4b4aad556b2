"""Differences from a baseline, shared among the features: ``integrated-gradients``, ``deeplift``,
``gradient-shap``, ``deep-shap``.

Their maps sum to the clip's score minus the baseline's, exactly or in the limit. By default the
baseline is what a clip that is dropped wholly sounds like, so that they answer the same question as
the explainers that mask. The two that want a distribution of baselines get that and quiet noise:
audio in which there is nothing to hear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb.types import AudioArray
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.hearing import Baseline, Heard, MapExplainer, MapParameters

if TYPE_CHECKING:
    import torch

_QUIET_DB = (-80.0, -40.0)


class IntegratedGradientsParameters(MapParameters):
    """Settings of `integrated-gradients`: the baseline, and the steps of the quadrature."""

    baseline: Baseline = "dropped"
    steps: int = Field(default=32, ge=2)


class DeepLiftParameters(MapParameters):
    """Settings of `deeplift`: the baseline."""

    baseline: Baseline = "dropped"


class GradientShapParameters(MapParameters):
    """Settings of `gradient-shap`: how many baselines, and how many points between them and us."""

    baselines: int = Field(default=8, ge=1)
    samples: int = Field(default=32, ge=1)


class DeepShapParameters(MapParameters):
    """Settings of `deep-shap`: how many baselines."""

    baselines: int = Field(default=8, ge=2)


def quiet_audio(fill: AudioArray, count: int, rng: np.random.Generator) -> AudioArray:
    """Return audio in which there is nothing to hear.

    Parameters
    ----------
    fill : np.ndarray, shape=(samples,)
        What the masker puts in the place of dropped audio: the first of them.
    count : int
        Number of waveforms.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray, shape=(count, samples), dtype=float32
        The fill, then white noise at levels between -80 and -40 dB of full scale.
    """
    level = 10.0 ** (rng.uniform(*_QUIET_DB, size=(count - 1, 1)) / 20.0)
    noise = level * rng.standard_normal((count - 1, fill.size))
    return np.concatenate([fill[np.newaxis], noise]).astype(np.float32)


class IntegratedGradients(MapExplainer):
    """The gradient along the straight line from the baseline, times the difference."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        method = self.captum.IntegratedGradients(heard.model.back_end)
        found: torch.Tensor = method.attribute(
            heard.features,
            baselines=heard.baseline(self.parameters.baseline),
            target=heard.target,
            n_steps=self.parameters.steps,
            internal_batch_size=8,
        )
        return found


class DeepLift(MapExplainer):
    """Differences of activations from the baseline's, handed back layer by layer."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        found: torch.Tensor = self.captum.DeepLift(heard.model.back_end).attribute(
            heard.features,
            baselines=heard.baseline(self.parameters.baseline),
            target=heard.target,
        )
        return found


class GradientShap(MapExplainer):
    """Expected gradients between the clip and quiet audio, times the difference."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        quiet = quiet_audio(heard.fill, self.parameters.baselines, rng)
        found: torch.Tensor = self.captum.GradientShap(heard.model.back_end).attribute(
            heard.features,
            baselines=heard.features_of(quiet),
            target=heard.target,
            n_samples=self.parameters.samples,
            stdevs=0.0,
        )
        return found


class DeepShap(MapExplainer):
    """DeepLIFT averaged over quiet audio."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        quiet = quiet_audio(heard.fill, self.parameters.baselines, rng)
        found: torch.Tensor = self.captum.DeepLiftShap(heard.model.back_end).attribute(
            heard.features, baselines=heard.features_of(quiet), target=heard.target
        )
        return found


SPECS = [
    ExplainerSpec(
        name="integrated-gradients",
        summary="Gradients along the line from silence to the clip; sums to the score's rise.",
        citation="Sundararajan et al. (2017), arXiv:1703.01365; captum, arXiv:2009.07896",
        cost="32 calls and backward passes",
        needs=(DifferentiableModel,),
        parameters=IntegratedGradientsParameters,
        factory=finished(IntegratedGradients),
    ),
    ExplainerSpec(
        name="deeplift",
        summary="Differences from silence, handed back layer by layer.",
        citation="Shrikumar et al. (2017), arXiv:1704.02685; captum, arXiv:2009.07896",
        cost="two calls and one backward pass",
        needs=(DifferentiableModel,),
        parameters=DeepLiftParameters,
        factory=finished(DeepLift),
    ),
    ExplainerSpec(
        name="gradient-shap",
        summary="Expected gradients between quiet audio and the clip.",
        citation="Lundberg & Lee (2017), arXiv:1705.07874; captum, arXiv:2009.07896",
        cost="32 calls and backward passes",
        needs=(DifferentiableModel,),
        parameters=GradientShapParameters,
        factory=finished(GradientShap),
    ),
    ExplainerSpec(
        name="deep-shap",
        summary="DeepLIFT averaged over quiet audio.",
        citation="Lundberg & Lee (2017), arXiv:1705.07874; captum, arXiv:2009.07896",
        cost="16 calls and 8 backward passes",
        needs=(DifferentiableModel,),
        parameters=DeepShapParameters,
        factory=finished(DeepShap),
    ),
]
