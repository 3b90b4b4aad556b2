"""Surrogate models: what an explainer fitted, kept so that its forecasts can be tested."""

from __future__ import annotations

from awb.intervals import FloatArray
from awb.types import BoolArray, Explanation, Surrogate


def additive(coefficients: FloatArray, intercept: float) -> Surrogate:
    """Return the model ``score = intercept + sum of the coefficients of kept segments``.

    Parameters
    ----------
    coefficients : np.ndarray, shape=(segments,)
        What each kept segment adds, in log-odds.
    intercept : float
        Log-odds with everything dropped.

    Returns
    -------
    callable
        Drop masks ``bool[n, segments]`` to log-odds ``(n,)``.

    Examples
    --------
    >>> import numpy as np
    >>> additive(np.array([2.0, 3.0]), 1.0)(np.array([[True, False]])).tolist()
    [4.0]
    """

    def forecast(drop_masks: BoolArray) -> FloatArray:
        forecasts: FloatArray = intercept + (~drop_masks).astype(float) @ coefficients
        return forecasts

    return forecast


def additive_explanation(coefficients: FloatArray, intercept: float) -> Explanation:
    """Return coefficients as relevance, and the additive model that they belong to.

    Parameters
    ----------
    coefficients : np.ndarray, shape=(segments,)
        What each kept segment adds, in log-odds.
    intercept : float
        Log-odds with everything dropped.

    Returns
    -------
    Explanation
        With its surrogate.
    """
    return Explanation(coefficients, surrogate=additive(coefficients, intercept))


def mean_intercept(coefficients: FloatArray, drop_masks: BoolArray, scores: FloatArray) -> float:
    """Return the intercept with which an additive model is right in the mean.

    Parameters
    ----------
    coefficients : np.ndarray, shape=(segments,)
        Its coefficients.
    drop_masks : np.ndarray, shape=(samples, segments), dtype=bool
        What it was fitted to.
    scores : np.ndarray, shape=(samples,)
        Log-odds.

    Returns
    -------
    float
        Mean of what the coefficients leave unexplained.
    """
    return float(scores.mean() - (~drop_masks).mean(axis=0) @ coefficients)
