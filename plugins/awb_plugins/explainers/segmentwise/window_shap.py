"""``window-shap``: Shapley values of windows instead of segments.

`kernel-shap` asks what 100 ms add; this asks what a second adds, and cuts the clip twice so that a
sound on an edge is not lost. Every window is heard alone and left out alone, and the other
coalitions are drawn by their leverage, none twice. Cuts are given up where calls do not reach for
that; where they do not reach for one cut, no estimate of Shapley values is any good, and the answer
is that of a ridge regression on coalitions drawn alike, which sums to the score too.

Windows find the sound, but do not tell which part of a second to drop first. So half of the calls
go to a tree of time, as in `owen`, which halves windows where the evidence is, in the spirit of the
dynamic windows of Nayebi et al.; the mean of both answers sums to the score as each does. With
``tree=false`` the windows get all calls. The choice rests on docs/model-calls.md.

References
----------
Nayebi, A., Tipirneni, S., Reddy, C. K., Foreman, B., & Subbian, V. (2023). WindowSHAP: an efficient
framework for explaining time-series classifiers based on Shapley values. Journal of Biomedical
Informatics 144. arXiv:2211.06507
Bento, J., Saleiro, P., Cruz, A. F., Figueiredo, M. A. T., & Bizarro, P. (2021). TimeSHAP:
explaining recurrent models through sequence perturbations. KDD. doi:10.1145/3447548.3467166
Musco, C., & Witter, R. T. (2025). Provably accurate Shapley value estimation via leverage score
sampling. ICLR. arXiv:2410.01917
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import Explanation, Instance
from awb_plugins.explainers.segmentwise.coalitions import are_few, uniform_coalitions
from awb_plugins.explainers.segmentwise.kernel_shap import (
    DRAWS,
    Sizes,
    constrained_least_squares,
    shapley_regression,
)
from awb_plugins.explainers.segmentwise.owen import owen_values
from awb_plugins.explainers.segmentwise.players import PlayerParameters, averaged, players_of
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.segmentwise.surrogates import additive_explanation

_MOST_CALLS = 300
_PENALTY = 0.1  # calls a player that the penalty counts for


class WindowShapParameters(PlayerParameters):
    """Settings of `window-shap`.

    Attributes
    ----------
    least : int
        Windows in a clip at least; on a clip that would have fewer they are shorter.
    tree : bool
        Spend half of the calls on a tree of time, and take the mean of both answers.
    samples : int
        Model calls, shared by the shifts; 0 for the pool's, at most 300.
    sizes : str
        Which coalitions are drawn, see `kernel-shap`.
    """

    window_s: float = Field(default=1.0, gt=0)
    shifts: int = Field(default=2, ge=1)
    least: int = Field(default=10, ge=1)
    tree: bool = True
    samples: int = Field(default=0, ge=0)
    sizes: Sizes = "ends"


class WindowShap:
    """Shapley values of windows, divided equally among their segments."""

    def __init__(self, parameters: WindowShapParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings = self._parameters
        whole = settings.samples or min(_MOST_CALLS, perturber.samples)
        budget = (whole + 1) // 2 if settings.tree else whole
        cuts = players_of(
            perturber.segments, settings.window_s, settings.shifts, least=settings.least
        )
        players = max(int(cut.max()) + 1 for cut in cuts)
        cuts = cuts[: max(1, budget // (2 * players))]
        share = max(2, budget // len(cuts) // 2 * 2)

        def explain(view: Perturber) -> Explanation:
            if are_few(view.n_segments, share + 2) or share >= 2 * view.n_segments:
                return shapley_regression(view, lambda n: DRAWS[settings.sizes](n, share, rng))
            return _of_few(view, share, rng)

        of_windows = averaged(perturber, cuts, explain)
        if not settings.tree:
            return of_windows
        values = (of_windows.relevance + owen_values(perturber, whole - budget)) / 2
        return additive_explanation(values, perturber.dropped_score())


def _of_few(view: Perturber, samples: int, rng: np.random.Generator) -> Explanation:
    """Fit a ridge regression that sums to the score, to coalitions drawn alike."""
    drop_masks = uniform_coalitions(view.n_segments, samples, rng)
    nothing = view.dropped_score()
    total, gain = view.clip_score() - nothing, view.scores(drop_masks) - nothing
    kept, alike = (~drop_masks).astype(np.float64), np.ones(len(drop_masks))
    penalty = _PENALTY * samples / view.n_segments
    values = constrained_least_squares(kept, gain, alike, total, penalty=penalty)
    return additive_explanation(values, nothing)


SPEC = ExplainerSpec(
    name="window-shap",
    summary="Shapley values of windows of one second, cut in two ways, and of a tree of time.",
    citation=(
        "Nayebi et al. (2023), arXiv:2211.06507; Owen (1977); Bento et al. (2021),"
        " doi:10.1145/3447548.3467166; Musco & Witter (2025), arXiv:2410.01917"
    ),
    cost="as many calls as the shared design, at most 300, its own, and two per shift and tree",
    parameters=WindowShapParameters,
    factory=finished(WindowShap),
)
