"""Oracles for gradients: finite differences, chance, and backpropagation written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from awb.intervals import FloatArray
from awb.types import Explanation
from matrix.cases import Case, WrongError

POINTS = 40
STEP = 1e-6


def map_of(found: Explanation) -> FloatArray:
    """The map of an explanation."""
    if found.time_frequency is None:
        raise WrongError("it has no map")
    return np.asarray(found.time_frequency, dtype=np.float64)


def same(
    found: Any, expected: Any, *, share: float = 2e-3, what: str = "", size: float = 1e-12
) -> None:
    """Demand that two maps are equal, but for a share of the largest value, or of a size."""
    given, wanted = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    if given.shape != wanted.shape:
        raise WrongError(f"{what}: shape {given.shape} for {wanted.shape}")
    off = float(np.abs(given - wanted).max()) / max(float(np.abs(wanted).max()), size)
    if not off <= share:
        raise WrongError(f"{what}: off by {off:.2g} of the largest value")


def differences(case: Case) -> tuple[Any, FloatArray]:
    """Finite differences of the score at some points of the features.

    Returns
    -------
    (frames, bins), np.ndarray
        The points, and the derivatives there.
    """
    shape = case.features.shape[1:]
    size = min(POINTS, shape.numel())
    places = np.random.default_rng(3).choice(shape.numel(), size, replace=False)
    values = case.features[0].flatten()
    places[:2] = int(values.argmax()), int(values.argmin())  # what a normalization would look at
    frames, bins = np.unravel_index(places, tuple(shape))
    moved = case.features.repeat(2 * size, 1, 1)
    for row, (frame, band) in enumerate(zip(frames, bins, strict=True)):
        moved[2 * row, frame, band] += STEP
        moved[2 * row + 1, frame, band] -= STEP
    scores = case.score(moved).numpy()
    return (frames, bins), (scores[::2] - scores[1::2]) / (2 * STEP)


def saliency(case: Case, found: Explanation) -> str:
    points, slopes = differences(case)
    same(map_of(found)[points], np.abs(slopes), what="finite differences")
    return "finite differences"


def input_x_gradient(case: Case, found: Explanation) -> str:
    points, slopes = differences(case)
    expected = slopes * case.features[0].numpy()[points]
    same(map_of(found)[points], expected, what="finite differences times input")
    return "finite differences"


def within_chance(found: FloatArray, draws: Tensor, size: int) -> str:
    """Demand that a mean of `size` draws is one of those that chance gives.

    Parameters
    ----------
    found : np.ndarray, shape=(frames, bins)
        The mean to judge.
    draws : torch.Tensor, shape=(n, frames, bins)
        Draws of the oracle's own.
    size : int
        How many draws the mean is of.
    """
    mean, spread = draws.mean(dim=0).numpy(), draws.std(dim=0).numpy()
    part = np.sqrt(1 / size + 1 / len(draws))
    floor = 1e-4 * np.abs(mean).max() + 1e-12
    off = np.linalg.norm(found - mean) / (np.linalg.norm(spread) * part + floor)
    sums = draws.sum(dim=(1, 2))
    far = abs(float(found.sum()) - float(sums.mean())) / (float(sums.std()) * part + floor)
    if not (off < 3.0 and far < 5.0):
        raise WrongError(f"off by {off:.1f} standard errors at points, {far:.1f} in sum")
    return "expectation"


def smoothgrad(case: Case, found: Explanation) -> str:
    spread = float(case.features.max() - case.features.min()) * 0.15
    generator = torch.Generator().manual_seed(11)
    noise = torch.randn(
        (case.draws // 2, *case.features.shape[1:]), generator=generator, dtype=torch.float64
    )
    return within_chance(map_of(found), case.gradient(case.features + spread * noise), 25)


class Guided(torch.autograd.Function):
    """A ReLU that drops what is negative on the way back, too."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.save_for_backward(values)
        return values.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (values,) = ctx.saved_tensors
        return gradient.clamp(min=0) * (values > 0)


class _Deconvolved(Guided):
    """A ReLU that drops only what is negative on the way back."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient.clamp(min=0)


class _Plain(torch.autograd.Function):
    """A ReLU as it is, on the way back too."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.save_for_backward(values)
        return values.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (values,) = ctx.saved_tensors
        return gradient * (values > 0)


_CAPPED = {functional.relu6, functional.hardtanh}
_RELUS = {functional.relu, functional.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_}


class ReluRule(TorchFunctionMode):
    """Replaces every ReLU of a network, however it is called, by one with a rule of its own."""

    def __init__(self, rule: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.rule, self.met = rule, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _RELUS:
            self.met += 1
            return self.rule(args[0])
        if func in _CAPPED:
            self.met += 1
            return 6.0 - _Plain.apply(6.0 - self.rule(args[0]))
        return func(*args, **(kwargs or {}))


def backward_with(case: Case, rule: Callable[[Tensor], Tensor]) -> FloatArray:
    """Gradient of the score with a rule at every ReLU."""
    given = case.features.clone().requires_grad_()
    with torch.enable_grad(), ReluRule(rule) as mode:
        score = case.network(given)[:, case.target].sum()
    if not mode.met:
        raise WrongError("the network has no ReLU: it should be not applicable")
    (gradient,) = torch.autograd.grad(score, given)
    return gradient[0].numpy()


def _slope(case: Case) -> float:
    """A thousandth of the gradient: less than that is rounding, where a norm takes the rest."""
    return 1e-3 * float(case.gradient(case.features).abs().max())


def guided_backprop(case: Case, found: Explanation) -> str:
    same(map_of(found), backward_with(case, Guided.apply), what="guided by hand", size=_slope(case))
    return "plain"


def deconvolution(case: Case, found: Explanation) -> str:
    expected = backward_with(case, _Deconvolved.apply)
    same(map_of(found), expected, what="deconvolution by hand", size=_slope(case))
    return "plain"
