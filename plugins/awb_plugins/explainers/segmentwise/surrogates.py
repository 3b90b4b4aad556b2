"""Surrogate models: what an explainer fitted, kept so that its forecasts can be tested."""

from __future__ import annotations

from awb.intervals import FloatArray
from awb.types import BoolArray, Explanation, Surrogate


def additive(coefficients: FloatArray, intercept: float) -> Surrogate:
    """Return the model ``score = intercept + sum of the coefficients of kept segments``.

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
    """Return coefficients as relevance, and the additive model that they belong to."""
    return Explanation(coefficients, surrogate=additive(coefficients, intercept))


def mean_intercept(coefficients: FloatArray, drop_masks: BoolArray, scores: FloatArray) -> float:
    """Return the intercept with which an additive model is right in the mean."""
    return float(scores.mean() - (~drop_masks).mean(axis=0) @ coefficients)
