"""``banzhaf``: the mean gain of a segment over all coalitions alike.

The Banzhaf values of a game are the coefficients of the least squares fit to all of its coalitions,
each counted once. Over drawn coalitions the same fit estimates them, without the noise that other
segments' evidence brings into a difference of means.

References
----------
Banzhaf, J. F. (1965). Weighted voting doesn't work. Rutgers Law Review 19.
Hammer, P. L., & Holzman, R. (1992). Approximations of pseudo-Boolean functions; applications to
game theory. ZOR 36. doi:10.1007/BF01541028
Liu, Y., Witter, R. T., Korn, F., et al. (2025). Kernel Banzhaf: a fast and robust estimator for
Banzhaf values. arXiv:2410.08336 (this regression, on pairs of complements)
Wang, J. T., & Jia, R. (2023). Data Banzhaf: a robust data valuation framework for machine learning.
AISTATS. arXiv:2205.15466
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import Instance
from awb_plugins.explainers.segmentwise.coalitions import uniform_coalitions
from awb_plugins.explainers.segmentwise.linear_regression import coefficients
from awb_plugins.explainers.segmentwise.players import PlayerParameters, on_players


class BanzhafParameters(PlayerParameters):
    """Settings of `banzhaf`: ``samples`` coalitions; 0 for a fifth of the pool's, or a budget."""

    samples: int = Field(default=0, ge=0)


class Banzhaf:
    """Banzhaf values of the segments."""

    def __init__(self, parameters: BanzhafParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        samples = self._parameters.samples or max(2, perturber.own_samples(5))
        drop_masks = uniform_coalitions(perturber.n_segments, samples, rng)
        return coefficients(drop_masks, perturber.scores(drop_masks))


SPEC = ExplainerSpec(
    name="banzhaf",
    summary="Mean gain of a segment over all coalitions alike (Shapley weighs them by size).",
    citation="Banzhaf (1965); Hammer & Holzman (1992), doi:10.1007/BF01541028;"
    " Kernel Banzhaf, arXiv:2410.08336",
    cost="a fifth of the shared design's calls, its own (all of a budget)",
    parameters=BanzhafParameters,
    unequal_segments=True,
    factory=on_players(Banzhaf),
)
