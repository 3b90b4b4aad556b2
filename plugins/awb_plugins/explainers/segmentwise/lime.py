"""``lime``: ridge regression in which masks near the clip weigh more.

References
----------
Ribeiro, M. T., Singh, S., & Guestrin, C. (2016). "Why should I trust you?": explaining the
predictions of any classifier. KDD. doi:10.1145/2939672.2939778
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, whole_design
from awb.types import BoolArray, Explanation, Instance
from awb_plugins.explainers.segmentwise.players import PlayerParameters, on_players
from awb_plugins.explainers.segmentwise.surrogates import additive_explanation

Distance = Literal["cosine", "euclidean"]


class LimeParameters(PlayerParameters):
    """Settings of `lime`, by default those of its authors for images.

    Attributes
    ----------
    distance : str
        Between keep vectors: ``cosine``, or ``euclidean`` over the square root of their length.
    kernel_width : float
        Distance at which the weight has fallen to ``exp(-1/2)``.
    alpha : float
        Penalty of the ridge.
    """

    distance: Distance = "cosine"
    kernel_width: float = Field(default=0.25, gt=0)
    alpha: float = Field(default=1.0, gt=0)


def proximity(drop_masks: BoolArray, *, distance: Distance, kernel_width: float) -> FloatArray:
    """Weight masks by their closeness to the clip."""
    kept_part = 1.0 - drop_masks.mean(axis=1)
    # The cosine of a 0/1 vector and the vector of ones is the root of its share of ones.
    apart = 1.0 - np.sqrt(kept_part) if distance == "cosine" else np.sqrt(1.0 - kept_part)
    weights: FloatArray = np.exp(-0.5 * (apart / kernel_width) ** 2)
    return weights


class Lime:
    """Coefficients of a ridge regression weighted by closeness, on the shared design."""

    def __init__(self, parameters: LimeParameters) -> None:
        from sklearn.linear_model import Ridge as RidgeRegressor

        self._regressor: Any = RidgeRegressor
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        pool = perturber.pool()
        settings = self._parameters
        weights = proximity(
            pool.drop_masks, distance=settings.distance, kernel_width=settings.kernel_width
        )
        fit = self._regressor(alpha=settings.alpha).fit(
            (~pool.drop_masks).astype(np.float64), pool.scores, sample_weight=weights
        )
        return additive_explanation(np.asarray(fit.coef_), float(fit.intercept_))


SPEC = ExplainerSpec(
    name="lime",
    summary="Ridge regression in which masks near the clip weigh more.",
    citation="Ribeiro et al. (2016), doi:10.1145/2939672.2939778",
    cost="the shared design",
    least_calls=whole_design,
    parameters=LimeParameters,
    unequal_segments=True,
    factory=on_players(Lime),
)
