"""``ridge``: linear regression with a penalty on the squares of the coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, whole_design
from awb.types import Explanation, Instance
from awb_plugins.explainers.segmentwise.players import PlayerParameters, on_players
from awb_plugins.explainers.segmentwise.surrogates import additive_explanation


class RidgeParameters(PlayerParameters):
    """Settings of `ridge`: ``alpha`` is the penalty, as scikit-learn defines it."""

    alpha: float = Field(default=1.0, gt=0)


class Ridge:
    """Ridge coefficients on the shared design."""

    def __init__(self, parameters: RidgeParameters) -> None:
        from sklearn.linear_model import Ridge as RidgeRegressor

        self._regressor: Any = RidgeRegressor
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        pool = perturber.pool()
        fit = self._regressor(alpha=self._parameters.alpha).fit(
            (~pool.drop_masks).astype(np.float64), pool.scores
        )
        return additive_explanation(np.asarray(fit.coef_), float(fit.intercept_))


SPEC = ExplainerSpec(
    name="ridge",
    summary="Linear regression with a penalty on large coefficients.",
    citation="Hoerl & Kennard (1970), doi:10.1080/00401706.1970.10488634",
    cost="the shared design",
    least_calls=whole_design,
    parameters=RidgeParameters,
    unequal_segments=True,
    factory=on_players(Ridge),
)
