"""``shapley-sampling``: Shapley values from random orders in which segments join.

References
----------
Castro, J., Gómez, D., & Tejada, J. (2009). Polynomial calculation of the Shapley value based on
sampling. Computers & Operations Research 36(5). doi:10.1016/j.cor.2008.04.004
Mitchell, R., Cooper, J., Frank, E., & Holmes, G. (2022). Sampling permutations for Shapley value
estimation. JMLR 23(43). arXiv:2104.12199 (each order and its reverse)
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import BoolArray, Instance
from awb_plugins.explainers.segmentwise.players import PlayerParameters, on_players


class ShapleySamplingParameters(PlayerParameters):
    """Settings of `shapley-sampling`.

    ``permutations`` is the number of orders; 0 for what a fifth of the pool's calls allow, or a
    whole budget. Orders come in pairs, one and its reverse, at least one pair.
    """

    permutations: int = Field(default=0, ge=0)


def permutation_masks(ranks: FloatArray) -> BoolArray:
    """List the coalitions that arise while segments join one by one."""
    joined = np.arange(ranks.shape[1] + 1)
    masks: BoolArray = ranks[:, np.newaxis, :] >= joined[np.newaxis, :, np.newaxis]
    return masks


class ShapleySampling:
    """Mean gain of the score when a segment joins those before it in a random order."""

    def __init__(self, parameters: ShapleySamplingParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        n_segments = perturber.n_segments
        pairs = max(1, self._pairs(perturber))
        forth = rng.permuted(np.tile(np.arange(n_segments), (pairs, 1)), axis=1)
        ranks = np.concatenate([forth, n_segments - 1 - forth])
        masks = permutation_masks(ranks)
        scores = perturber.scores(masks.reshape(-1, n_segments)).reshape(len(ranks), -1)
        gains = np.take_along_axis(np.diff(scores, axis=1), ranks, axis=1)
        relevance: FloatArray = gains.mean(axis=0)
        return relevance

    def _pairs(self, perturber: Perturber) -> int:
        """Count the pairs of orders; within a budget only whole ones fit."""
        n_segments, wanted = perturber.n_segments, self._parameters.permutations
        if not wanted and perturber.own_samples(5) == perturber.samples:
            return perturber.samples // (2 * (n_segments + 1))
        return ((wanted or perturber.own_samples(5) // n_segments) + 1) // 2


SPEC = ExplainerSpec(
    name="shapley-sampling",
    summary="Shapley values from random orders, each with its reverse; sums to the score.",
    citation="Castro et al. (2009), doi:10.1016/j.cor.2008.04.004",
    cost="a fifth of the shared design's calls, its own (3 pairs of orders for 10 s); all"
    " of a budget",
    parameters=ShapleySamplingParameters,
    unequal_segments=True,
    factory=on_players(ShapleySampling),
)
