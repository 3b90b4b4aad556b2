"""Checks of the capabilities that a model declares beyond scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.conformance.rules import ConformanceError
from awb.protocols import DifferentiableModel, LocalModel, SpectrogramModel, TensorModel
from awb.types import AudioArray

TOLERANCE = 1e-3
"""Absolute and relative tolerance, in log-odds, between two ways to compute scores."""


def differ(one: npt.ArrayLike, other: npt.ArrayLike, what: str) -> None:
    """Raise if scores differ by more than rounding errors."""
    first, second = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if first.shape != second.shape:
        raise ConformanceError(f"{what} have shapes {first.shape} and {second.shape}")
    if not np.allclose(first, second, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
        worst = float(np.nanmax(np.abs(first - second)))
        raise ConformanceError(f"{what} differ by {worst:.2g} in log-odds")


def differentiable(model: DifferentiableModel, waveforms: AudioArray) -> None:
    """Check the two halves of a torch model, and the positions of its frames and bins."""
    import torch

    device = next((one.device for one in model.back_end.parameters()), torch.device("cpu"))
    with torch.no_grad():
        features = model.front_end(torch.tensor(waveforms, device=device))
        scores = model.back_end(features).float().cpu().numpy()
    differ(scores, model.scores(waveforms), "back_end(front_end(waveforms)) and scores")
    if model.last_convolution not in dict(model.back_end.named_modules()):
        raise ConformanceError(f"its back end has no module {model.last_convolution!r}")
    _increasing(model.frame_centers_s(features.shape[1]), features.shape[1], "frame_centers_s")
    if isinstance(model, SpectrogramModel):
        _increasing(model.bin_centers_hz(features.shape[2]), features.shape[2], "bin_centers_hz")


def tensors(model: TensorModel, waveforms: AudioArray) -> None:
    """Check scores of tensors on the model's device."""
    import torch

    with torch.no_grad():
        scores = model.tensor_scores(torch.tensor(waveforms, device=model.device))
    differ(scores.float().cpu().numpy(), model.scores(waveforms), "tensor_scores and scores")


def local(model: LocalModel, waveforms: AudioArray) -> None:
    """Check the way by moments, and that there is a start for each of them."""
    moments = model.moments(waveforms)
    n_starts = len(model.moment_starts(waveforms.shape[1]))
    if moments.ndim != 3 or moments.shape[1] != n_starts:
        raise ConformanceError(f"moments have shape {moments.shape}, moment_starts {(n_starts,)}")
    differ(model.moment_scores(moments), model.scores(waveforms), "moment_scores and scores")


def _increasing(values: npt.ArrayLike, size: int, name: str) -> None:
    array = np.asarray(values)
    if array.shape != (size,) or not (np.diff(array) > 0).all():
        raise ConformanceError(f"{name}({size}) must be {size} increasing numbers")
