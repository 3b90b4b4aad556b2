"""``tree-proxy-shap``: Shapley values of boosted trees that stand in for the model, corrected.

What the regression of `kernel-shap` leaves over is what players do together. Boosted trees learn it
from few coalitions, and their own Shapley values are exact and cost no calls. What they get wrong
is estimated by the same regression on their errors, in which trees are judged by coalitions that
they were not fitted to; so the answer approaches the Shapley values of the model, and not of its
stand-in. Where trees forecast these coalitions no better than nothing, they are left out.

References
----------
Witter, R. T., Liu, Y., & Musco, C. (2025). Regression-adjusted Monte Carlo estimators for Shapley
values and probabilistic values. arXiv:2506.11849
Butler, L., et al. (2025). ProxySPEX: inference-efficient interpretability via sparse feature
interactions in LLMs. arXiv:2505.17495 (boosted trees as a stand-in)
Lundberg, S. M., et al. (2020). From local explanations to global understanding with explainable AI
for trees. Nature Machine Intelligence 2. doi:10.1038/s42256-019-0138-9
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import BoolArray, Explanation, Instance
from awb_plugins.explainers.segmentwise.coalitions import are_few
from awb_plugins.explainers.segmentwise.kernel_shap import (
    DRAWS,
    Sizes,
    constrained_least_squares,
    kernel_weights,
    shapley_regression,
)
from awb_plugins.explainers.segmentwise.players import PlayerParameters, averaged, players_of
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.segmentwise.tree_shap import boosted_shap

_MOST_CALLS = 300
_FEWEST = 20  # calls with which trees are fitted at all
_FOLDS = 5


class TreeProxyParameters(PlayerParameters):
    """Settings of `tree-proxy-shap`.

    Attributes
    ----------
    samples : int
        Model calls, shared by the shifts; 0 for the pool's, at most 300.
    sizes : str
        Coalitions of all sizes alike (``leverage``), or by Shapley's ``kernel``.
    n_estimators, max_depth, learning_rate
        The boosted trees', as scikit-learn names them.
    """

    samples: int = Field(default=0, ge=0)
    sizes: Sizes = "leverage"
    n_estimators: int = Field(default=100, ge=1)
    max_depth: int = Field(default=4, ge=1, le=16)
    learning_rate: float = Field(default=0.1, gt=0, le=1)


class TreeProxy:
    """Shapley values of boosted trees, and of what they miss."""

    def __init__(self, parameters: TreeProxyParameters) -> None:
        from sklearn.ensemble import GradientBoostingRegressor

        self._regressor: Any = GradientBoostingRegressor
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings = self._parameters
        budget = settings.samples or min(_MOST_CALLS, perturber.samples)
        cuts = players_of(perturber.segments, settings.window_s, settings.shifts)
        share = max(2, budget // len(cuts) // 2 * 2)
        return averaged(perturber, cuts, lambda view: self._explain(view, share, rng))

    def _explain(self, view: Perturber, share: int, rng: np.random.Generator) -> Explanation:
        """Explain by the players of one cut."""
        draw = DRAWS[self._parameters.sizes]
        if share < _FEWEST or are_few(view.n_segments, share + 2):
            return shapley_regression(view, lambda n: draw(n, share, rng))
        nothing = view.dropped_score()
        total = view.clip_score() - nothing
        drop_masks = draw(view.n_segments, share, rng)
        return Explanation(self._values(drop_masks, view.scores(drop_masks) - nothing, total, rng))

    def _values(
        self, drop_masks: BoolArray, gain: FloatArray, total: float, rng: np.random.Generator
    ) -> FloatArray:
        """Estimate Shapley values from the gains of coalitions over nothing."""
        kept, weights = (~drop_masks).astype(np.float64), kernel_weights(drop_masks)
        additive = constrained_least_squares(kept, gain, weights, total)
        left = gain - kept @ additive  # of everything and of nothing, it is 0
        ends = np.stack([np.zeros(kept.shape[1]), np.ones(kept.shape[1])])
        fold = np.repeat(rng.permutation(len(kept) // 2) % _FOLDS, 2)  # with its complement
        interacting, errors, rest = np.zeros(kept.shape[1]), np.empty(len(kept)), 0.0
        for part in range(_FOLDS):
            apart = fold == part
            trees = self._fitted(
                np.concatenate([ends, kept[~apart]]), np.append([0.0, 0.0], left[~apart]), rng
            )
            empty, full = trees.predict(ends)
            interacting += boosted_shap(trees, kept.shape[1]) / _FOLDS
            errors[apart] = left[apart] - (trees.predict(kept[apart]) - empty)
            rest -= (full - empty) / _FOLDS
        if weights @ errors**2 >= weights @ left**2:
            return additive
        return additive + interacting + constrained_least_squares(kept, errors, weights, rest)

    def _fitted(self, kept: FloatArray, gain: FloatArray, rng: np.random.Generator) -> Any:
        """Fit boosted trees."""
        settings = self._parameters
        return self._regressor(
            n_estimators=settings.n_estimators,
            max_depth=settings.max_depth,
            learning_rate=settings.learning_rate,
            random_state=int(rng.integers(2**31)),
        ).fit(kept, gain)


SPEC = ExplainerSpec(
    name="tree-proxy-shap",
    summary="Shapley values of boosted trees in the model's place, corrected for their errors.",
    citation=(
        "Witter et al. (2025), arXiv:2506.11849; Butler et al. (2025), arXiv:2505.17495;"
        " Lundberg et al. (2020), doi:10.1038/s42256-019-0138-9"
    ),
    cost="as many calls as the shared design, at most 300, its own, and two",
    parameters=TreeProxyParameters,
    factory=finished(TreeProxy),
)
