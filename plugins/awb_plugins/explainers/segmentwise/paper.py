"""The procedures of the reference study as they were published, for comparing like with like.

They explain from the shared design, to which the clip itself is added as the first sample. What is
peculiar to them, and why the explainers of the same name without ``-paper`` differ:

- ``random-forest-paper`` weighs each masked clip by its Euclidean distance from the clip, so that
  what is far away counts more, loud stretches count more than quiet ones, and the clip not at all.
- ``linear-regression-paper`` computes the same distances and then sets all weights to one.
- ``kernel-shap-paper`` gives every drawn coalition its Shapley kernel weight, as if all coalitions
  had been drawn alike. The design drops 20 to 40 %, so on one setting all weights are equal and the
  result is a regression with a constraint; on several, masks that drop more count for less than
  their share. A general optimizer (SLSQP, started at zero, at its default tolerance) minimizes the
  error, so that the result also depends on when it stops. The published code has two branches. The
  one that all its drivers call fits the intercept, and holds intercept and values together to the
  score of the first masked sample, whichever mask was drawn first: ``variant=first``. The other one
  fixes the intercept at the score of silence, and no driver calls it: ``variant=empty`` is that one
  as it is meant, with the clip's score as the sum (the code takes the first masked sample's there
  too) and the score of everything dropped for that of silence, which is the same for the zeros
  masker. ``variant=sum`` is the drivers' branch as it is meant, held to the clip's score, and
  ``variant=free`` the same without any constraint.

References
----------
Bolaños, C., Pepino, L., Meza, M., & Ferrer, L. (2025). Benchmarking time-localized explanations for
audio classification models. arXiv:2506.04391. Code: https://github.com/ceciliabolanos/explain_where
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

import numpy as np

from awb.errors import RelevanceError
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, whole_design
from awb.types import BoolArray, Explanation, Instance
from awb_plugins.explainers.segmentwise.linear_regression import fitted
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished
from awb_plugins.explainers.segmentwise.random_forest import forecasts
from awb_plugins.explainers.segmentwise.surrogates import additive_explanation

_CITATION = "Bolaños et al. (2025), arXiv:2506.04391; github.com/ceciliabolanos/explain_where"


def samples_with_clip(perturber: Perturber) -> tuple[BoolArray, FloatArray]:
    """Put the clip itself before the shared design."""
    pool = perturber.pool()
    nothing = np.zeros((1, perturber.n_segments), dtype=bool)
    return (
        np.concatenate([nothing, pool.drop_masks]),
        np.concatenate([[perturber.clip_score()], pool.scores]),
    )


def waveform_distances(
    perturber: Perturber, instance: Instance, drop_masks: BoolArray
) -> FloatArray:
    """Measure the Euclidean distance of masked clips from the clip."""
    change = instance.clip.waveform.astype(np.float64) - perturber.fill
    edges = perturber.segments.edges_samples
    per_cell = np.add.reduceat(change**2, edges[:-1])
    distances: FloatArray = np.sqrt(perturber.segments.drop_cells(drop_masks) @ per_cell)
    return distances


class RandomForestPaper:
    """Impurity importance of a forest whose samples weigh as much as they are far from the clip."""

    def __init__(self, parameters: SegmentParameters) -> None:
        from sklearn.ensemble import RandomForestRegressor

        self._regressor: Any = RandomForestRegressor

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        drop_masks, scores = samples_with_clip(perturber)
        weights = waveform_distances(perturber, instance, drop_masks)
        if not weights.any():  # a silent clip: no mask changes anything
            return Explanation(np.zeros(perturber.n_segments))
        forest = self._regressor(100, random_state=int(rng.integers(2**31)), n_jobs=1)
        forest.fit((~drop_masks).astype(np.float32), scores, sample_weight=weights)
        return Explanation(forest.feature_importances_, surrogate=forecasts(forest))


def explain_by_regression(
    perturber: Perturber, instance: Instance, rng: np.random.Generator
) -> Explanation:
    """Explain one instance by unweighted least squares; see `awb.specs.Explainer`."""
    return fitted(*samples_with_clip(perturber))


def published_kernel_weights(drop_masks: BoolArray) -> FloatArray:
    """Return the Shapley kernel of each coalition over the mean of all, however it was drawn."""
    from scipy.special import gammaln

    n_segments = drop_masks.shape[1]
    kept = n_segments - drop_masks.sum(axis=1)
    coalitions = gammaln(n_segments + 1) - gammaln(kept + 1) - gammaln(n_segments - kept + 1)
    log_weights = -coalitions - np.log(kept) - np.log(n_segments - kept)
    weights = np.exp(log_weights - log_weights.max())
    normalized: FloatArray = weights / weights.mean()
    return normalized


def slsqp(
    kept: FloatArray, gain: FloatArray, weights: FloatArray, total: float | None
) -> FloatArray:
    """Minimize ``sum(w * (gain - kept @ phi)**2)`` by SLSQP from zero.

    The solution sums to `total`, if that is given.
    """
    from scipy import optimize

    minimize: Any = optimize.minimize
    weighted = kept * weights[:, np.newaxis]
    products, targets = kept.T @ weighted, weighted.T @ gain
    constant = float(weights @ gain**2)
    slope = np.ones(kept.shape[1])  # said, not found out: n sums a step

    efficiency = {"type": "eq", "fun": lambda phi: phi.sum() - total, "jac": lambda _: slope}

    def squared_error(phi: FloatArray) -> float:
        return float(phi @ products @ phi - 2.0 * targets @ phi) + constant

    found = minimize(
        squared_error,
        np.zeros(kept.shape[1]),
        jac=lambda phi: 2.0 * (products @ phi - targets),
        constraints=() if total is None else efficiency,
        method="SLSQP",
        options={"maxiter": 3000},
    )
    if not found.success:
        raise RelevanceError(f"the published optimizer did not converge: {found.message}")
    return np.asarray(found.x, dtype=np.float64)


class KernelShapPaperParameters(SegmentParameters):
    """Settings of `kernel-shap-paper`.

    Attributes
    ----------
    variant : str
        What the regression has to meet: with ``empty`` the score of everything dropped and the
        clip's (two constraints), with ``sum`` the clip's alone, the intercept being fitted, with
        ``first`` the score of the first masked clip in its place, as the published drivers do, and
        with ``free`` none.
    """

    variant: Literal["empty", "sum", "first", "free"] = "empty"


class KernelShapPaper:
    """The published Kernel SHAP: a constrained weighted regression on the shared design."""

    def __init__(self, parameters: KernelShapPaperParameters) -> None:
        self._variant = parameters.variant
        import_module("scipy.optimize")  # now, so that limits on threads find its libraries

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        pool, empty = perturber.pool(), perturber.dropped_score()
        total = perturber.clip_score() - empty
        count = (~pool.drop_masks).sum(axis=1)
        proper = (count > 0) & (count < perturber.n_segments)
        if not proper.any():
            even = np.full(perturber.n_segments, total / perturber.n_segments)
            return additive_explanation(even, empty)
        masks, gain = pool.drop_masks[proper], pool.scores[proper] - empty
        kept = (~masks).astype(np.float64)
        weights = published_kernel_weights(masks)
        if self._variant == "empty":
            return additive_explanation(slsqp(kept, gain, weights, total), empty)
        with_intercept = np.column_stack([kept, np.ones(len(kept))])
        sums = {"sum": total, "first": float(gain[0]), "free": None}
        values = slsqp(with_intercept, gain, weights, sums[self._variant])
        return additive_explanation(values[:-1], empty + float(values[-1]))


SPECS = [
    ExplainerSpec(
        name="random-forest-paper",
        summary="The reference's forest: samples weigh as much as they are far from the clip.",
        citation=_CITATION,
        cost="the shared design and one call",
        least_calls=whole_design,
        parameters=SegmentParameters,
        factory=finished(RandomForestPaper),
    ),
    ExplainerSpec(
        name="linear-regression-paper",
        summary="The reference's regression: unweighted, the clip among the samples.",
        citation=_CITATION,
        cost="the shared design and one call",
        least_calls=whole_design,
        parameters=SegmentParameters,
        factory=finished(lambda _: explain_by_regression),
    ),
    ExplainerSpec(
        name="kernel-shap-paper",
        summary="The reference's Kernel SHAP: on the shared design, by a general optimizer.",
        citation=_CITATION,
        cost="the shared design and two calls",
        least_calls=whole_design,
        parameters=KernelShapPaperParameters,
        factory=finished(KernelShapPaper),
    ),
]
