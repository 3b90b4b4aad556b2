"""``adaptive``: asks where the answer is still uncertain, and stops when the ranking is settled.

It starts with long windows, heard alone. From then on it keeps a belief about the relevance of
every segment (`evidence_model`) and asks, batch by batch, about the windows and runs that would
tell most about the segments of which it is not yet clear whether they are among the most relevant.
It stops when its answer is expected to correlate with the truth well enough, twice in a row, or
when the budget is spent, and reports each segment's standard error and how sure it is.

Its answer is what each segment adds, not what the sound around it adds: where a model hears the
beginning and the end of an event and not the middle, the middle is near zero, as it is for Shapley
values and regressions, and stands among the rest in the order of the noise. So it is among the best
in fidelity and behind ``run-correlation`` or ``keep-window`` in ROC-AUC, whose windows fill the
gap. The reading makes the difference and not the masks: see "Why is adaptive behind
run-correlation?" in docs/faq.md.

References
----------
MacKay, D. J. C. (1992). Information-based objective functions for active data selection. Neural
Computation 4(4). doi:10.1162/neco.1992.4.4.590
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from awb import designs
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.segments import Segments
from awb.specs import ExplainerSpec
from awb.types import BoolArray, Explanation, Instance
from awb_plugins.explainers.segmentwise.evidence_model import Belief, believe, most_telling
from awb_plugins.explainers.segmentwise.naive import whole_segments
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished
from awb_plugins.explainers.segmentwise.surrogates import additive, mean_intercept

_TOP = 0.1  # the part of the segments that counts as most relevant
_WINDOWS_S = (1.0, 0.5, 0.3)
_RUNS = 200


class AdaptiveParameters(SegmentParameters):
    """Settings of `adaptive`.

    Attributes
    ----------
    budget : int
        Model calls at most.
    batch : int
        Model calls between two looks at the belief.
    sureness : float
        Expected squared correlation with the truth at which it stops.
    first_window_s : float
        Windows of the first round in seconds; they overlap by half.
    """

    budget: int = Field(default=200, ge=2)
    batch: int = Field(default=8, ge=1)
    sureness: float = Field(default=0.95, gt=0, lt=1)
    first_window_s: float = Field(default=2.0, gt=0)


def windows_alone(window_s: float, segments: Segments) -> BoolArray:
    """List masks that keep one window, windows overlapping by half."""
    window = whole_segments(window_s, segments)
    return designs.keep_window(segments.n, window=window, hop=max(1, window // 2))


def doubt(belief: Belief) -> FloatArray:
    """Say how unclear it is whether a segment is among the most relevant."""
    from scipy.special import expit

    top = max(1, round(_TOP * belief.mean.size))
    ordered = np.sort(belief.mean)[::-1]
    threshold = ordered[top - 1 : top + 1].mean()
    steps = (belief.mean - threshold) / np.maximum(belief.deviation, 1e-12)
    chance = expit(1.702 * steps)  # the normal distribution function, within 0.01
    weights: FloatArray = chance * (1.0 - chance) + 0.01
    return weights


class Adaptive:
    """The expected relevance of the segments after as many calls as it took."""

    def __init__(self, parameters: AdaptiveParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings, segments = self._parameters, perturber.segments
        nothing = np.ones((1, segments.n), dtype=bool)
        first = np.concatenate([nothing, windows_alone(settings.first_window_s, segments)])
        masks = first[: settings.budget]
        scores = perturber.scores(masks)
        candidates = np.concatenate(
            [windows_alone(window_s, segments) for window_s in _WINDOWS_S]
            + [designs.runs(segments.n, _RUNS, rng)]
        )
        belief = believe(masks, scores, segments.hop_s)
        settled = 0
        while True:
            settled = settled + 1 if belief.sureness >= settings.sureness else 0
            room = min(settings.batch, settings.budget - len(masks), len(candidates))
            if settled == 2 or room < 1:
                break
            rows = most_telling(belief, candidates, doubt(belief), room)
            masks = np.concatenate([masks, candidates[rows]])
            scores = np.concatenate([scores, perturber.scores(candidates[rows])])
            candidates = np.delete(candidates, rows, axis=0)
            belief = believe(masks, scores, segments.hop_s)
        return Explanation(
            belief.mean,
            uncertainty=belief.deviation,
            surrogate=additive(belief.mean, mean_intercept(belief.mean, masks, scores)),
            notes=(f"{belief.sureness:.0%} sure after {len(masks)} calls",),
        )


SPEC = ExplainerSpec(
    name="adaptive",
    summary="Coarse to fine: asks where it is still uncertain, stops when it is sure, and says so.",
    citation="this project; after MacKay (1992), doi:10.1162/neco.1992.4.4.590",
    cost="at most 200 calls of its own, fewer where the answer is clear",
    parameters=AdaptiveParameters,
    factory=finished(Adaptive),
)
