"""``random-forest``: what a forest found useful to predict the score from keep indicators."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, whole_design
from awb.types import Explanation, Instance, Surrogate
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished
from awb_plugins.explainers.segmentwise.tree_shap import forest_shap


class RandomForestParameters(SegmentParameters):
    """Settings of `random-forest`.

    Attributes
    ----------
    attribution : str
        ``impurity`` for how much a segment's splits reduce the variance (unsigned by nature), or
        ``shap`` for the forest's own TreeSHAP at the clip (signed).
    n_estimators, max_features, min_samples_leaf
        The forest's, as scikit-learn names them. A third of the features a split is Breiman's
        choice for regression, and fits three times faster than all of them.
    """

    attribution: Literal["impurity", "shap"] = "impurity"
    n_estimators: int = Field(default=100, ge=1)
    max_features: float = Field(default=1 / 3, gt=0, le=1)
    min_samples_leaf: int = Field(default=1, ge=1)


def forecasts(forest: Any) -> Surrogate:
    """Return what a forest forecasts for drop masks, ``bool[n, segments]`` to ``(n,)``."""
    return lambda drop_masks: np.asarray(forest.predict((~drop_masks).astype(np.float32)))


class RandomForest:
    """Importance of the segments in a forest fitted on the shared design."""

    def __init__(self, parameters: RandomForestParameters) -> None:
        from sklearn.ensemble import RandomForestRegressor

        self._regressor: Any = RandomForestRegressor
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        pool, settings = perturber.pool(), self._parameters
        forest = self._regressor(
            n_estimators=settings.n_estimators,
            max_features=settings.max_features,
            min_samples_leaf=settings.min_samples_leaf,
            random_state=int(rng.integers(2**31)),
            n_jobs=1,
        )
        forest.fit((~pool.drop_masks).astype(np.float32), pool.scores)
        found = (
            forest_shap(forest, perturber.n_segments)
            if settings.attribution == "shap"
            else np.asarray(forest.feature_importances_)
        )
        return Explanation(found, surrogate=forecasts(forest))


SPEC = ExplainerSpec(
    name="random-forest",
    summary="Importance in a random forest from kept segments to the score; unsigned.",
    citation=(
        "Breiman (2001), doi:10.1023/A:1010933404324; Bolaños et al. (2025), arXiv:2506.04391;"
        " attribution=shap: Lundberg et al. (2020), doi:10.1038/s42256-019-0138-9"
    ),
    cost="the shared design",
    least_calls=whole_design,
    parameters=RandomForestParameters,
    unequal_segments=True,
    factory=finished(RandomForest),
)
