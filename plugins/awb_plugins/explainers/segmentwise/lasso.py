"""``lasso``: linear regression that leaves most segments at exactly zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, whole_design
from awb.types import BoolArray, Explanation, Instance
from awb_plugins.explainers.segmentwise.players import PlayerParameters, on_players
from awb_plugins.explainers.segmentwise.surrogates import additive_explanation


class LassoParameters(PlayerParameters):
    """Settings of `lasso`.

    ``strength`` is the penalty relative to the smallest one that leaves no segment at all, so that
    it means the same for every model and clip.
    """

    strength: float = Field(default=0.05, gt=0, lt=1)


def full_penalty(drop_masks: BoolArray, scores: FloatArray) -> float:
    """Return the smallest penalty under which every coefficient is zero."""
    kept = (~drop_masks).astype(np.float64)
    products = (kept - kept.mean(axis=0)).T @ (scores - scores.mean())
    return float(np.abs(products).max()) / len(scores)


class Lasso:
    """Lasso coefficients on the shared design."""

    def __init__(self, parameters: LassoParameters) -> None:
        from sklearn.linear_model import Lasso as LassoRegressor

        self._regressor: Any = LassoRegressor
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        pool = perturber.pool()
        full = full_penalty(pool.drop_masks, pool.scores)
        if not full > 0:
            flat = np.zeros(perturber.n_segments)
            return additive_explanation(flat, float(pool.scores.mean()))
        strength = self._parameters.strength * full
        # Coordinate descent takes a seed from the global generator, even if it does not use it.
        regressor = self._regressor(alpha=strength, max_iter=10_000, random_state=0)
        fit = regressor.fit((~pool.drop_masks).astype(np.float64), pool.scores)
        return additive_explanation(np.asarray(fit.coef_), float(fit.intercept_))


SPEC = ExplainerSpec(
    name="lasso",
    summary="Linear regression that leaves most segments at exactly zero.",
    citation="Tibshirani (1996), doi:10.1111/j.2517-6161.1996.tb02080.x",
    cost="the shared design",
    least_calls=whole_design,
    parameters=LassoParameters,
    unequal_segments=True,
    factory=on_players(Lasso),
)
