"""``kernel-shap``: Shapley values by constrained least squares.

The regression that Lundberg and Lee propose has Shapley values as its solution when every coalition
enters with the weight ``(n - 1) / (C(n, k) k (n - k))`` for k kept segments. Where coalitions are
drawn instead, one of size k that was drawn with probability ``q(k) / C(n, k)`` must enter with
``1 / (k (n - k) q(k))``. Drawing sizes with ``q(k)`` proportional to ``1 / (k (n - k))``, as here
by default, makes all weights equal in the mean.

On a design whose masks all drop the same number of segments the weights are equal too, but no
coalition is small or large: what is left is `linear-regression` with a constraint. So this
explainer draws its own coalitions unless it is told to reuse the pool.

References
----------
Lundberg, S. M., & Lee, S.-I. (2017). A unified approach to interpreting model predictions. NeurIPS.
arXiv:1705.07874
Covert, I., & Lee, S.-I. (2021). Improving KernelSHAP: practical Shapley value estimation using
linear regression. AISTATS. arXiv:2012.01536 (paired coalitions)
Musco, C., & Witter, R. T. (2025). Provably accurate Shapley value estimation via leverage score
sampling. ICLR. arXiv:2410.01917 (sizes=leverage)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import BoolArray, Explanation, Instance
from awb_plugins.explainers.segmentwise.coalitions import (
    ends_coalitions,
    leverage_coalitions,
    shapley_coalitions,
)
from awb_plugins.explainers.segmentwise.players import PlayerParameters, on_players
from awb_plugins.explainers.segmentwise.surrogates import additive_explanation

Sizes = Literal["kernel", "leverage", "ends"]
DRAWS = {"kernel": shapley_coalitions, "leverage": leverage_coalitions, "ends": ends_coalitions}


class KernelShapParameters(PlayerParameters):
    """Settings of `kernel-shap`.

    ``coalitions`` is ``own`` to draw as many as the pool has from the Shapley kernel (all of them
    where the clip is short), or ``pool`` to reuse the shared design. ``sizes`` says how likely a
    coalition of a size is drawn: by the ``kernel``, all sizes alike (``leverage``), or alike
    after every player has been heard alone and left out alone (``ends``).
    """

    coalitions: Literal["own", "pool"] = "own"
    sizes: Sizes = "kernel"


def kernel_weights(drop_masks: BoolArray) -> FloatArray:
    """Weight coalitions so that each size has its Shapley share."""
    n_segments = drop_masks.shape[1]
    kept = n_segments - drop_masks.sum(axis=1)
    share = np.bincount(kept, minlength=n_segments + 1)[kept] / len(kept)
    proper = (kept > 0) & (kept < n_segments)
    return np.where(proper, 1.0 / np.where(proper, kept * (n_segments - kept) * share, 1.0), 0.0)


def constrained_least_squares(
    kept: FloatArray,
    gain: FloatArray,
    weights: FloatArray,
    total: float,
    *,
    penalty: float = 0.0,
) -> FloatArray:
    """Minimize ``sum(w * (gain - kept @ phi)**2)`` subject to ``sum(phi) = total``.

    The weights count relative to the largest one, and the penalty on the squared distance from an
    even split is added to that.
    """
    n_segments = kept.shape[1]
    even = total / n_segments
    root = np.sqrt(weights / max(float(weights.max(initial=0.0)), 1e-300))
    # With phi = even + u and sum(u) = 0, centring the rows removes the constraint: kept @ u is
    # (kept - row mean) @ u, and the least-norm solution is orthogonal to the constant vector.
    centred = kept - kept.mean(axis=1, keepdims=True)
    rest = gain - even * kept.sum(axis=1)
    rows, goal = root[:, np.newaxis] * centred, root * rest
    if penalty:
        rows = np.concatenate([rows, np.sqrt(penalty) * np.eye(n_segments)])
        goal = np.append(goal, np.zeros(n_segments))
    free = np.linalg.lstsq(rows, goal, rcond=None)[0]
    solution: FloatArray = even + free - free.mean()
    return solution


def shapley_regression(perturber: Perturber, draw: Callable[[int], BoolArray]) -> Explanation:
    """Fit Shapley values to the coalitions that ``draw(n_players)`` lists."""
    n_players = perturber.n_segments
    nothing = perturber.dropped_score()
    total = perturber.clip_score() - nothing
    if n_players == 1:
        return additive_explanation(np.array([total]), nothing)
    drop_masks = draw(n_players)
    gain = perturber.scores(drop_masks) - nothing
    kept = (~drop_masks).astype(np.float64)
    values = constrained_least_squares(kept, gain, kernel_weights(drop_masks), total)
    return additive_explanation(values, nothing)


class KernelShap:
    """Shapley values of the players; they sum to ``f(clip) - f(everything dropped)``."""

    def __init__(self, parameters: KernelShapParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""

        def draw(n_players: int) -> BoolArray:
            if self._parameters.coalitions == "pool":
                return perturber.pool().drop_masks
            return DRAWS[self._parameters.sizes](n_players, perturber.samples, rng)

        return shapley_regression(perturber, draw)


SPEC = ExplainerSpec(
    name="kernel-shap",
    summary="Shapley values by weighted least squares, summing exactly to the explained score.",
    citation="Lundberg & Lee (2017), arXiv:1705.07874; Covert & Lee (2021), arXiv:2012.01536;"
    " sizes=leverage: Musco & Witter (2025), arXiv:2410.01917",
    cost="as many calls as the shared design, its own; or the shared design (coalitions=pool)",
    parameters=KernelShapParameters,
    unequal_segments=True,
    factory=on_players(KernelShap),
)
