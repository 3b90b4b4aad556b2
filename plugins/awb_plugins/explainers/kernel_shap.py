"""``kernel-shap``: Shapley values by constrained least squares.

The regression that Lundberg and Lee propose has Shapley values as its solution when every coalition
enters with the weight ``(n - 1) / (C(n, k) k (n - k))`` for k kept segments. Where coalitions are
drawn instead, a coalition of size k that was drawn with probability ``q(k) / C(n, k)`` must enter
with ``1 / (k (n - k) q(k))``. Drawing sizes with ``q(k)`` proportional to ``1 / (k (n - k))``, as
here by default, makes all weights equal.

References
----------
Lundberg, S. M., & Lee, S.-I. (2017). A unified approach to interpreting model predictions. NeurIPS.
arXiv:1705.07874
Covert, I., & Lee, S.-I. (2021). Improving KernelSHAP: practical Shapley value estimation using
linear regression. AISTATS. arXiv:2012.01536 (paired coalitions)
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, Parameters
from awb.types import BoolArray, Instance


class KernelShapParameters(Parameters):
    """Settings of `kernel-shap`.

    ``coalitions`` is ``pool`` to reuse the shared design, or ``own`` to draw as many anew from the
    Shapley kernel.
    """

    coalitions: Literal["pool", "own"] = "own"


def draw_coalitions(n_segments: int, samples: int, rng: np.random.Generator) -> BoolArray:
    """Draw coalitions from the Shapley kernel, each followed by its complement.

    Parameters
    ----------
    n_segments : int
        Number of segments, at least 2.
    samples : int
        Number of coalitions; one more if it is odd.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray, shape=(samples, n_segments), dtype=bool
        Drop masks; none drops nothing or everything.
    """
    sizes = np.arange(1, n_segments)
    chance = 1.0 / (sizes * (n_segments - sizes))
    pairs = (samples + 1) // 2
    dropped = rng.choice(sizes, size=pairs, p=chance / chance.sum())
    rank = rng.permuted(np.tile(np.arange(n_segments), (pairs, 1)), axis=1)
    half = rank < dropped[:, np.newaxis]
    return np.stack([half, ~half], axis=1).reshape(-1, n_segments)


def kernel_weights(drop_masks: BoolArray) -> FloatArray:
    """Weight drawn coalitions so that each size has its Shapley share.

    Parameters
    ----------
    drop_masks : np.ndarray, shape=(samples, segments), dtype=bool
        Coalitions; within a size, all are taken to be equally likely.

    Returns
    -------
    np.ndarray, shape=(samples,)
        ``1 / (k (n - k) share(k))``; 0 where nothing or everything is dropped.
    """
    n_segments = drop_masks.shape[1]
    kept = n_segments - drop_masks.sum(axis=1)
    share = np.bincount(kept, minlength=n_segments + 1)[kept] / len(kept)
    proper = (kept > 0) & (kept < n_segments)
    return np.where(proper, 1.0 / np.maximum(kept * (n_segments - kept) * share, 1e-300), 0.0)


def constrained_least_squares(
    kept: FloatArray, gain: FloatArray, weights: FloatArray, total: float
) -> FloatArray:
    """Minimize ``sum(w * (gain - kept @ phi)**2)`` subject to ``sum(phi) = total``, in closed form.

    Parameters
    ----------
    kept : np.ndarray, shape=(samples, segments)
        1 = kept, 0 = dropped.
    gain : np.ndarray, shape=(samples,)
        Score minus the score with everything dropped.
    weights : np.ndarray, shape=(samples,)
        Non-negative weights.
    total : float
        What the solution sums to.

    Returns
    -------
    np.ndarray, shape=(segments,)
        The solution; the one of least distance from equal shares where several fit equally well.
    """
    n_segments = kept.shape[1]
    even = total / n_segments
    root = (
        np.sqrt(weights / weights.max())[:, np.newaxis] if weights.max() > 0 else weights[:, None]
    )
    # With phi = even + u and sum(u) = 0, centring the rows removes the constraint: kept @ u is
    # (kept - row mean) @ u, and the least-norm solution is orthogonal to the constant vector.
    centred = kept - kept.mean(axis=1, keepdims=True)
    rest = gain - even * kept.sum(axis=1)
    free: FloatArray = np.linalg.lstsq(root * centred, root[:, 0] * rest, rcond=None)[0]
    return even + free - free.mean()


class KernelShap:
    """Shapley values of the segments; they sum to ``f(clip) - f(everything dropped)``.

    Parameters
    ----------
    parameters : KernelShapParameters
        Which coalitions to use.
    """

    def __init__(self, parameters: KernelShapParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        total = perturber.clip_score() - perturber.dropped_score()
        if perturber.n_segments == 1:
            return np.array([total])
        if self._parameters.coalitions == "pool":
            pool = perturber.pool()
            drop_masks, scores = pool.drop_masks, pool.scores
        else:
            drop_masks = draw_coalitions(perturber.n_segments, perturber.samples, rng)
            scores = perturber.scores(drop_masks)
        return constrained_least_squares(
            (~drop_masks).astype(np.float64),
            scores - perturber.dropped_score(),
            kernel_weights(drop_masks),
            total,
        )


SPEC = ExplainerSpec(
    name="kernel-shap",
    summary="Shapley values by weighted least squares, summing exactly to the explained score.",
    citation="Lundberg & Lee (2017), arXiv:1705.07874",
    cost="as many calls as the shared design, its own; or the shared design (coalitions=pool)",
    parameters=KernelShapParameters,
    factory=KernelShap,
)
