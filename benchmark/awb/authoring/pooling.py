"""From the windows of a clip to the clip: pooling of log-odds, by name.

Conventions
-----------
``z`` are the log-odds of the windows, ``p`` their probabilities, ``n`` their number. The formulas
below stay exact where a probability rounds to 0 or 1. All sums are float64 along contiguous memory,
so that one class alone gives the same bits as all of them together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from awb.authoring.outputs import CLOSE
from awb.errors import AwbError, ParameterError, PluginError, described, did_you_mean
from awb.perturbation.scorers.batches import is_out_of_memory
from awb.protocols import ScoreArray

Doubles = npt.NDArray[np.float64]
Pooling = str | Callable[[ScoreArray], Any]

_RARE = 1e-12  # below it the chance is the sum of the windows' odds, to the last digit


def _max(z: Doubles) -> Doubles:
    """A class is in the clip as surely as in its surest window."""
    return np.asarray(z.max(axis=-1))


def _mean(z: Doubles) -> Doubles:
    """The mean of the log-odds."""
    return np.asarray(z.mean(axis=-1))


def _mean_probability(z: Doubles) -> Doubles:
    """The log-odds of the mean probability: ``log(sum(p) / sum(1 - p))``."""
    yes, no = -np.logaddexp(0.0, -z), -np.logaddexp(0.0, z)
    return np.asarray(np.logaddexp.reduce(yes, axis=-1) - np.logaddexp.reduce(no, axis=-1))


def _noisy_or(z: Doubles) -> Doubles:
    """The log-odds of ``1 - prod(1 - p)``: windows are independent chances to hear the class."""
    silence = np.logaddexp(0.0, z).sum(axis=-1)  # -log of the chance that no window has it
    likely = silence + np.log(-np.expm1(-np.maximum(silence, _RARE)))
    return np.asarray(np.where(silence > _RARE, likely, np.logaddexp.reduce(z, axis=-1)))


def _log_mean_exp(z: Doubles) -> Doubles:
    """A soft maximum: ``log(mean(exp(z)))``."""
    return np.asarray(np.logaddexp.reduce(z, axis=-1) - np.log(z.shape[-1]))


POOLINGS: dict[str, Callable[[Doubles], Doubles]] = {
    "max": _max,
    "mean": _mean,
    "mean-probability": _mean_probability,
    "noisy-or": _noisy_or,
    "log-mean-exp": _log_mean_exp,
}


def pooled(z: ScoreArray, pooling: Pooling) -> ScoreArray:
    """Pool log-odds over windows.

    Parameters
    ----------
    z : np.ndarray, shape=(..., windows, classes), dtype=float32
        Log-odds of the windows.
    pooling : str or callable
        A name of `POOLINGS`, or a function from such an array to ``(..., classes)``.

    Returns
    -------
    np.ndarray, shape=(..., classes), dtype=float32
        Log-odds of the clip.

    Raises
    ------
    PluginError
        If a function fails, or gives another shape, or NaN.

    Examples
    --------
    >>> windows = np.array([[0.0], [0.0]], dtype=np.float32)
    >>> pooled(windows, "noisy-or").round(3).tolist()  # 1 - 0.5 * 0.5 = 0.75
    [1.0989999771118164]
    """
    if not callable(pooling):
        turned = np.ascontiguousarray(np.moveaxis(z, -2, -1), dtype=np.float64)
        return POOLINGS[pooling](turned).astype(np.float32)
    try:
        found = np.asarray(pooling(z.copy()))
    except Exception as error:  # the plugin boundary: a function may raise anything
        if isinstance(error, AwbError) or is_out_of_memory(error):
            raise
        raise PluginError(
            f"the pooling function fails on log-odds of shape {z.shape} (..., windows, classes):"
            f" {described(error)}"
        ) from error
    if found.shape != (*z.shape[:-2], z.shape[-1]):
        raise PluginError(
            f"the pooling function gives shape {found.shape} for log-odds of shape {z.shape}"
            f" (..., windows, classes), expected {(*z.shape[:-2], z.shape[-1])}"
        )
    if np.isnan(found).any():
        raise PluginError("the pooling function gives NaN")
    return found.astype(np.float32)


def check_pooling(pooling: Pooling, n_classes: int) -> None:
    """Refuse an unknown name, and a function that mixes classes or depends on the other clips.

    Raises
    ------
    ParameterError
        If the name is unknown.
    PluginError
        If a function fails, or gives another shape, NaN, or other values for a class by itself.
    """
    if not callable(pooling):
        if pooling not in POOLINGS:
            advice = did_you_mean(pooling, POOLINGS)
            raise ParameterError(
                f"unknown pooling {pooling!r}.{advice} Known: {', '.join(POOLINGS)}, or a function"
                " of log-odds (..., windows, classes)"
            )
        return
    drawn = np.random.default_rng(0).normal(0.0, 3.0, (2, 3, n_classes)).astype(np.float32)
    pooled(drawn[:, :1], pooling)  # a clip that is no longer than a window
    together, alone = pooled(drawn, pooling), pooled(drawn[:1, :, :1], pooling)
    if not np.allclose(together[:1, :1], alone, atol=CLOSE):
        raise PluginError(
            "the pooling function must pool each class and each clip by itself: it gives"
            f" {together[0, 0]:.4g} for a class among others and {alone[0, 0]:.4g} for it alone"
        )
