"""Differences from a baseline, shared among the features: ``integrated-gradients``, ``deeplift``,
``gradient-shap``, ``deep-shap``.

Their maps sum to the clip's score minus the baseline's, exactly or in the limit: each checks it on
every clip, says what it found, and is not applicable where it fails. By default the
baseline is what a clip that is dropped wholly sounds like, so that they answer the same question as
the explainers that mask. The two that want a distribution of baselines get that and quiet noise:
audio in which there is nothing to hear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from awb.errors import NotApplicableError
from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.background import Baseline, backgrounds
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer, MapParameters

if TYPE_CHECKING:
    import torch

_AT_ONCE = 8
_DOUBLED, _CLOSE, _FAR = 8, 0.01, 0.1


class AgainstBaselineParameters(MapParameters):
    """Settings of all four.

    ``baseline`` is what the clip is measured from; ``baselines`` is how many are drawn where it is
    ``quiet`` or ``scenes``, see `awb_plugins.explainers.spectrogram.background`.
    """

    baseline: Baseline = "dropped"
    baselines: int = Field(default=8, ge=1)


class IntegratedGradientsParameters(AgainstBaselineParameters):
    """Settings of `integrated-gradients`: the steps of the quadrature, too."""

    steps: int = Field(default=32, ge=2)


class GradientShapParameters(AgainstBaselineParameters):
    """Settings of `gradient-shap`: how many points between a baseline and the clip, too."""

    baseline: Baseline = "quiet"
    samples: int = Field(default=32, ge=1)


class DeepShapParameters(AgainstBaselineParameters):
    """Settings of `deep-shap`."""

    baseline: Baseline = "quiet"


class _AgainstBaseline(MapExplainer):
    """A method with a law: what it finds sums to the rise of the score over a baseline's."""

    def __init__(self, parameters: MapParameters) -> None:
        from awb_plugins.explainers.graph import deeplift, laws

        super().__init__(parameters)
        self._rules, self._laws = deeplift, laws

    def _nothing(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Return the baselines, ``(n, frames, bins)``."""
        return backgrounds(heard, self.parameters.baseline, self.parameters.baselines, rng)

    def _deeplift(self, heard: Heard, nothing: torch.Tensor, name: str) -> torch.Tensor:
        """Average DeepLIFT over baselines ``(n, frames, bins)``, and check its law."""
        clip, found = heard.tape(), self.torch.zeros_like(heard.features)
        for baseline in nothing:
            slopes = self._rules.multipliers(clip, heard.tape(baseline[None]), heard.target)
            found = found + slopes * (heard.features - baseline) / len(nothing)
        total, size = float(found.double().sum()), float(found.double().abs().sum())
        heard.notes.append(self._laws.check_sum(name, total, heard.rise_over(nothing), size))
        result: torch.Tensor = found
        return result


class IntegratedGradients(_AgainstBaseline):
    """The gradient along the straight line from the baseline, times the difference.

    Where the quadrature misses the rise by more than a hundredth, the steps are doubled, three
    times at most; a row that then misses it by a tenth is not applicable.
    """

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        nothing = self._nothing(heard, rng)
        rise, steps = heard.rise_over(nothing), self.parameters.steps
        most = _DOUBLED * steps
        while True:
            found = self._along_the_line(heard, nothing, steps)
            total, size = float(found.double().sum()), float(found.double().abs().sum())
            missed = abs(total - rise)
            if missed <= self._laws.allowed(rise, size, _CLOSE) or steps >= most:
                break
            steps *= 2
        if not missed <= self._laws.allowed(rise, size, _FAR):
            raise NotApplicableError(
                f"integrated gradients sum to {total:.4g} here after {steps} steps, not to the"
                f" score's rise of {rise:.4g}: the score jumps along the line"
            )
        heard.notes.append(f"sums to {total:.4g} for a rise of {rise:.4g} in {steps} steps")
        return found

    def _along_the_line(self, heard: Heard, nothing: torch.Tensor, steps: int) -> torch.Tensor:
        """Integrate with so many steps."""
        found: torch.Tensor = self.captum.IntegratedGradients(heard.model.back_end).attribute(
            heard.features.expand_as(nothing),
            baselines=nothing,
            target=heard.target,
            n_steps=steps,
            internal_batch_size=_AT_ONCE,
        )
        return found.mean(dim=0, keepdim=True)


class DeepLift(_AgainstBaseline):
    """Differences of activations from the baseline's, handed back operation by operation."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        return self._deeplift(heard, self._nothing(heard, rng), "DeepLIFT")


class GradientShap(_AgainstBaseline):
    """Expected gradients between the clip and quiet audio, times the difference."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        samples = self.parameters.samples
        nothing = self._nothing(heard, rng)
        drawn = rng.integers(len(nothing), size=samples)
        along = rng.random((samples, 1, 1)).astype(np.float32)
        found = self.torch.zeros_like(heard.features)
        sums: list[float] = []
        for start in range(0, samples, _AT_ONCE):  # so that memory does not grow with the samples
            part = slice(start, start + _AT_ONCE)
            apart = heard.features - nothing[drawn[part]]
            place = self.torch.from_numpy(along[part]).to(apart)
            points = (nothing[drawn[part]] + place * apart).requires_grad_()
            (slopes,) = self.torch.autograd.grad(heard.score(points).sum(), points)
            shares = slopes * apart
            sums += shares.double().sum(dim=(1, 2)).tolist()
            found = found + shares.sum(dim=0, keepdim=True) / samples
        heard.notes.append(self._expectation(sums, heard.rise_over(nothing)))
        result: torch.Tensor = found
        return result

    def _expectation(self, sums: list[float], rise: float) -> str:
        """Say what a sample sums to, and how sure that is."""
        error = float(np.std(sums, ddof=1)) / len(sums) ** 0.5 if len(sums) > 1 else float("inf")
        return (
            f"sums to {np.mean(sums):.4g} (standard error {error:.2g}) for a mean rise of"
            f" {rise:.4g}"
        )


class DeepShap(_AgainstBaseline):
    """DeepLIFT averaged over quiet audio."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        return self._deeplift(heard, self._nothing(heard, rng), "DeepSHAP")


SPECS = [
    ExplainerSpec(
        name="integrated-gradients",
        summary="Gradients along the line from silence to the clip; sums to the score's rise.",
        citation="Sundararajan et al. (2017), arXiv:1703.01365; captum, arXiv:2009.07896",
        cost="34 calls and 32 backward passes, up to 450 where that is too coarse",
        needs=(DifferentiableModel,),
        parameters=IntegratedGradientsParameters,
        factory=finished(IntegratedGradients),
    ),
    ExplainerSpec(
        name="deeplift",
        summary="Differences from silence, handed back step by step; sums to the score's rise.",
        citation="Shrikumar et al. (2017), arXiv:1704.02685",
        cost="four calls and one backward pass",
        needs=(DifferentiableModel,),
        parameters=AgainstBaselineParameters,
        factory=finished(DeepLift),
    ),
    ExplainerSpec(
        name="gradient-shap",
        summary="Expected gradients between quiet audio and the clip.",
        citation="Lundberg & Lee (2017), arXiv:1705.07874",
        cost="41 calls and 32 backward passes",
        needs=(DifferentiableModel,),
        parameters=GradientShapParameters,
        factory=finished(GradientShap),
    ),
    ExplainerSpec(
        name="deep-shap",
        summary="DeepLIFT averaged over quiet audio.",
        citation="Lundberg & Lee (2017), arXiv:1705.07874",
        cost="18 calls and 8 backward passes",
        needs=(DifferentiableModel,),
        parameters=DeepShapParameters,
        factory=finished(DeepShap),
    ),
]
