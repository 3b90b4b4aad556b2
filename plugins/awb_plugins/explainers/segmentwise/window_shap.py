"""``window-shap``: Shapley values of windows instead of segments.

`kernel-shap` asks what 100 ms add; this asks what a second adds, and cuts the clip twice so that a
sound on an edge is not lost. Coalitions of every size are drawn alike, and none twice.

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
from awb_plugins.explainers.segmentwise.kernel_shap import DRAWS, Sizes, shapley_regression
from awb_plugins.explainers.segmentwise.players import PlayerParameters, averaged, players_of
from awb_plugins.explainers.segmentwise.postprocessing import finished

_MOST_CALLS = 300
_LEAST_PLAYERS = 10
_LEAST_CALLS = 4  # two pairs of coalitions, of each way in which the clip is cut


class WindowShapParameters(PlayerParameters):
    """Settings of `window-shap`.

    Windows are shortened on clips that would have fewer than ten of them.

    Attributes
    ----------
    samples : int
        Model calls, shared by the shifts; 0 for the pool's, at most 300.
    sizes : str
        Coalitions of all sizes alike (``leverage``), or by Shapley's ``kernel``.
    """

    window_s: float = Field(default=1.0, gt=0)
    shifts: int = Field(default=2, ge=1)
    samples: int = Field(default=0, ge=0)
    sizes: Sizes = "leverage"


class WindowShap:
    """Shapley values of windows, divided equally among their segments."""

    def __init__(self, parameters: WindowShapParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings = self._parameters
        budget = settings.samples or min(_MOST_CALLS, perturber.samples)
        cuts = players_of(
            perturber.segments, settings.window_s, settings.shifts, least=_LEAST_PLAYERS
        )[: max(1, budget // _LEAST_CALLS)]
        share = max(2, budget // len(cuts) // 2 * 2)
        draw = DRAWS[settings.sizes]
        return averaged(
            perturber, cuts, lambda view: shapley_regression(view, lambda n: draw(n, share, rng))
        )


SPEC = ExplainerSpec(
    name="window-shap",
    summary="Shapley values of windows of one second, cut in two ways; sums to the score.",
    citation=(
        "Nayebi et al. (2023), arXiv:2211.06507; Bento et al. (2021),"
        " doi:10.1145/3447548.3467166; Musco & Witter (2025), arXiv:2410.01917"
    ),
    cost="as many calls as the shared design, at most 300, its own, and two for each shift",
    parameters=WindowShapParameters,
    factory=finished(WindowShap),
)
