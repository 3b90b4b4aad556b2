"""Smoothing of relevance along time: a moving average, a Gaussian process, total variation.

Evidence lasts longer than one segment, so neighbours say something about each other. Smoothing buys
localization and loses fidelity: a smoothed explanation no longer says what the model did with one
segment. Every function is shift- and scale-equivariant, and takes its width in segments.

References
----------
Rasmussen, C. E., & Williams, C. K. I. (2006). Gaussian Processes for Machine Learning, chapters 2
and 5. MIT Press. doi:10.7551/mitpress/3206.001.0001
Rudin, L. I., Osher, S., & Fatemi, E. (1992). Nonlinear total variation based noise removal
algorithms. Physica D 60. doi:10.1016/0167-2789(92)90242-F
Donoho, D. L., & Johnstone, I. M. (1994). Ideal spatial adaptation by wavelet shrinkage. Biometrika
81(3). doi:10.1093/biomet/81.3.425 (noise level from the median of differences)
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from awb.errors import ParameterError
from awb.intervals import FloatArray

Smoothing = Literal["none", "moving-average", "gaussian-process", "total-variation"]

_NOISE_RATIOS = np.logspace(-4, 4, 81)


def smooth(values: FloatArray, smoothing: Smoothing, width: float) -> FloatArray:
    """Smooth relevance along time."""
    if width <= 0:
        raise ParameterError(f"the width of the smoothing must be positive: {width:g}")
    if smoothing == "none" or values.size < 2:
        return values
    if smoothing == "moving-average":
        return moving_average(values, width)
    if smoothing == "gaussian-process":
        return gaussian_process(values, width)
    if smoothing == "total-variation":
        return total_variation(values, width)
    raise ParameterError(f"unknown smoothing {smoothing!r}")


def moving_average(values: FloatArray, width: float) -> FloatArray:
    """Average each value with its neighbours; at the edges, with those that exist.

    Examples
    --------
    >>> moving_average(np.array([0.0, 0.0, 3.0, 0.0]), 3).tolist()
    [0.0, 1.0, 1.0, 1.5]
    """
    half = min(int(width // 2), values.size - 1)
    window = np.ones(2 * half + 1)
    inside = slice(half, half + values.size)
    total = np.convolve(values, window)[inside]
    average: FloatArray = total / np.convolve(np.ones(values.size), window)[inside]
    return average


def gaussian_process(values: FloatArray, width: float) -> FloatArray:
    """Take the posterior mean under a squared-exponential prior with white noise.

    The ratio of noise to signal is the one of the highest marginal likelihood (of 81 between 1e-4
    and 1e4); the overall scale drops out.
    """
    mean = values.mean()
    centred = values - mean
    if not np.ptp(values) > 0:
        return values
    distance = np.subtract.outer(np.arange(values.size), np.arange(values.size)) / width
    power, basis = np.linalg.eigh(np.exp(-0.5 * distance**2))
    power = np.clip(power, 0.0, None)
    parts = basis.T @ centred
    total = power + _NOISE_RATIOS[:, np.newaxis]
    misfit = np.log(np.mean(parts**2 / total, axis=1)) * values.size
    ratio = _NOISE_RATIOS[np.argmin(misfit + np.log(total).sum(axis=1))]
    posterior: FloatArray = mean + basis @ (parts * power / (power + ratio))
    return posterior


def total_variation(values: FloatArray, width: float) -> FloatArray:
    """Minimize ``0.5 * sum((u - values)**2) + strength * sum(abs(diff(u)))``: steps, no slopes.

    The strength is ``noise * sqrt(width)``: the sum of so many values of pure noise seldom strays
    further, so that stretches of noise up to about that width come out flat. The noise level is
    estimated from the median absolute difference of neighbours.
    """
    from scipy.optimize import lsq_linear

    noise = np.median(np.abs(np.diff(values))) / (0.6745 * np.sqrt(2.0))
    if not noise > 0:
        return values
    steps = np.diff(np.eye(values.size), axis=0).T
    # The dual is a least squares problem with bounds, which a library solves to any accuracy.
    scaled = values / noise
    bound = float(np.sqrt(width))
    dual = lsq_linear(steps, scaled, bounds=(-bound, bound), tol=1e-12).x
    minimizer: FloatArray = noise * (scaled - steps @ dual)
    return minimizer
