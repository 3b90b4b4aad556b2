"""``owen``: Shapley values on a binary tree of time, the most telling windows first.

The clip is halved again and again. A window's worth is divided between its halves as Shapley values
divide it between two players, among all that the halves of the windows above have or have not: the
Owen value of nested unions. Asking goes on where most is left to divide, and stops at the budget;
what a window that was not halved is worth is divided equally among its segments. The sum is that of
the score at every stage.

References
----------
Owen, G. (1977). Values of games with a priori unions. In: Mathematical Economics and Game Theory.
doi:10.1007/978-3-642-45494-3_7
Winter, E. (1989). A value for cooperative games with levels structure of cooperation. International
Journal of Game Theory 18. doi:10.1007/BF01268161 (unions within unions)
Lundberg, S. M., & Lee, S.-I. (2017). A unified approach to interpreting model predictions. NeurIPS.
arXiv:1705.07874 (its package shap, whose Partition explainer asks in this order)
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count

import numpy as np
from pydantic import Field

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import BoolArray, Instance
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished

_MOST_CALLS = 300
_AT_ONCE = 4  # windows halved between two looks at what is left, so that the model gets batches


class OwenParameters(SegmentParameters):
    """Settings of `owen`: ``samples`` model calls; 0 for the pool's, at most 300."""

    samples: int = Field(default=0, ge=0)


@dataclass(frozen=True, slots=True)
class Window:
    """A window beside what else is audible, and its share of the orders in which windows join."""

    start: int
    stop: int
    beside: BoolArray  # True = audible; False inside of the window
    without: float  # the score of what is beside it
    gain: float  # by how much the score rises with the window
    weight: float

    def halves(self) -> tuple[BoolArray, BoolArray]:
        """Return what is audible with one half beside the rest, and with the other."""
        left, right = self.beside.copy(), self.beside.copy()
        middle = (self.start + self.stop) // 2
        left[self.start : middle] = True
        right[middle : self.stop] = True
        return left, right

    def divided(self, left_score: float, right_score: float) -> list[Window]:
        """Return its halves, each before and after the other."""
        left, right = self.halves()
        middle, full, half = (
            (self.start + self.stop) // 2,
            self.without + self.gain,
            self.weight / 2,
        )
        first, second = (self.start, middle), (middle, self.stop)
        return [
            Window(*first, self.beside, self.without, left_score - self.without, half),
            Window(*first, right, right_score, full - right_score, half),
            Window(*second, self.beside, self.without, right_score - self.without, half),
            Window(*second, left, left_score, full - left_score, half),
        ]


class Owen:
    """Owen values of the segments, as far as the calls reach."""

    def __init__(self, parameters: OwenParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        calls = self._parameters.samples or min(_MOST_CALLS, perturber.samples)
        return owen_values(perturber, calls)


def owen_values(perturber: Perturber, calls: int) -> FloatArray:
    """Return the Owen values of the segments, as far as so many calls reach."""
    n_segments, order, left = perturber.n_segments, count(), calls
    nothing = perturber.dropped_score()
    gain = perturber.clip_score() - nothing
    beside = np.zeros(n_segments, dtype=bool)
    open_windows: list[tuple[float, int, Window]] = []
    relevance = np.zeros(n_segments)

    def add(window: Window) -> None:
        if window.stop - window.start == 1:
            relevance[window.start] += window.weight * window.gain
        else:
            urgency = -abs(window.weight * window.gain)
            heapq.heappush(open_windows, (urgency, next(order), window))

    add(Window(0, n_segments, beside, nothing, gain, 1.0))
    while open_windows and left >= 2:
        most = min(_AT_ONCE, left // 2, len(open_windows))
        chosen = [heapq.heappop(open_windows)[2] for _ in range(most)]
        audible = np.array([half for window in chosen for half in window.halves()])
        scores = perturber.scores(~audible).reshape(-1, 2).tolist()
        left -= 2 * most
        for window, halves in zip(chosen, scores, strict=True):
            for part in window.divided(*halves):
                add(part)
    for _, _, window in open_windows:
        share = window.weight * window.gain / (window.stop - window.start)
        relevance[window.start : window.stop] += share
    return relevance


SPEC = ExplainerSpec(
    name="owen",
    summary="Shapley values on a binary tree of time, the windows of most effect divided first.",
    citation=(
        "Owen (1977), doi:10.1007/978-3-642-45494-3_7; Winter (1989), doi:10.1007/BF01268161;"
        " the Partition explainer of shap, Lundberg & Lee (2017), arXiv:1705.07874"
    ),
    cost="as many calls as the shared design, at most 300, its own",
    parameters=OwenParameters,
    factory=finished(Owen),
)
