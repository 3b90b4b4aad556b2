"""``linear-regression``: the coefficients of least squares from keep indicators to the score."""

from __future__ import annotations

import numpy as np

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, whole_design
from awb.types import BoolArray, Explanation, Instance
from awb_plugins.explainers.segmentwise.players import PlayerParameters, on_players
from awb_plugins.explainers.segmentwise.surrogates import additive_explanation, mean_intercept


def coefficients(drop_masks: BoolArray, scores: FloatArray) -> FloatArray:
    """Fit ``score = intercept + sum(coefficient * kept)`` by least squares.

    Examples
    --------
    >>> masks = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=bool)
    >>> coefficients(masks, np.array([5.0, 3.0, 4.0, 2.0])).round(9).tolist()
    [2.0, 1.0]
    """
    kept = (~drop_masks).astype(np.float64)
    centred = kept - kept.mean(axis=0)
    found: FloatArray = np.linalg.lstsq(centred, scores - scores.mean(), rcond=None)[0]
    return found


def fitted(drop_masks: BoolArray, scores: FloatArray) -> Explanation:
    """Explain masks and scores by least squares."""
    found = coefficients(drop_masks, scores)
    return additive_explanation(found, mean_intercept(found, drop_masks, scores))


def explain(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> Explanation:
    """Explain one instance; see `awb.specs.Explainer`."""
    pool = perturber.pool()
    return fitted(pool.drop_masks, pool.scores)


SPEC = ExplainerSpec(
    name="linear-regression",
    summary="Coefficients of a linear regression from kept segments to the score.",
    citation="Bolaños et al. (2025), arXiv:2506.04391",
    cost="the shared design",
    least_calls=whole_design,
    parameters=PlayerParameters,
    unequal_segments=True,
    factory=on_players(lambda _: explain),
)
