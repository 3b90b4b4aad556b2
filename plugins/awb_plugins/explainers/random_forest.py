"""``random-forest``: what a forest found useful to predict the score from keep indicators."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, Parameters
from awb.types import Instance


class RandomForestParameters(Parameters):
    """Settings of `random-forest`, as scikit-learn names them."""

    n_estimators: int = Field(default=100, ge=1)
    max_features: float = Field(default=1.0, gt=0, le=1)
    min_samples_leaf: int = Field(default=1, ge=1)


class RandomForest:
    """Impurity importance of a forest fitted on the shared design; unsigned.

    Parameters
    ----------
    parameters : RandomForestParameters
        Settings of the forest.
    """

    def __init__(self, parameters: RandomForestParameters) -> None:
        from sklearn.ensemble import RandomForestRegressor

        self._regressor: Any = RandomForestRegressor
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        pool = perturber.pool()
        forest = self._regressor(
            **self._parameters.model_dump(), random_state=int(rng.integers(2**31)), n_jobs=1
        )
        forest.fit((~pool.drop_masks).astype(np.float32), pool.scores)
        return np.asarray(forest.feature_importances_, dtype=np.float64)


SPEC = ExplainerSpec(
    name="random-forest",
    summary="Feature importance of a random forest from kept segments to the score; unsigned.",
    citation="Breiman (2001), doi:10.1023/A:1010933404324; Bolaños et al. (2025), arXiv:2506.04391",
    cost="the shared design",
    parameters=RandomForestParameters,
    factory=RandomForest,
)
