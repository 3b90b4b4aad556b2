"""``mask-search``: masks of given areas that keep the score, or remove it, for any model.

A mask is a number of windows. For every area, smallest first, windows are added one at a time, each
where the score gains most; then each in turn is taken out and put where it does most good beside
the others, until none moves or the calls are spent. So unlike `greedy` it can take back a choice
that something later made worthless. Its masks are optimal under the move of any one window, not
under all moves.

References
----------
Fong, R., Patrick, M., & Vedaldi, A. (2019). Understanding deep networks via extremal perturbations
and smooth masks. ICCV. arXiv:1910.08485 (the question)
Pudil, P., Novovičová, J., & Kittler, J. (1994). Floating search methods in feature selection.
Pattern Recognition Letters 15(11). doi:10.1016/0167-8655(94)90127-9 (the search)
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from awb import designs
from awb.errors import NotApplicableError
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import BoolArray, Explanation, Instance
from awb_plugins.explainers.learned_masks.areas import AreaParameters, wanted_cells
from awb_plugins.explainers.segmentwise.naive import whole_segments
from awb_plugins.explainers.segmentwise.postprocessing import finished

_ROUNDS = 4
"""Rounds of moves that should be possible; in a long clip windows stand farther apart for that."""

_GAIN = 1e-9  # log-odds; a smaller gain is rounding, and moves nothing


class MaskSearchParameters(AreaParameters):
    """Settings of `mask-search`.

    Attributes
    ----------
    window_s, hop_s : float
        Length of a window, and distance between the places where it may stand, in seconds; more,
        up to a window, where the calls would not suffice.
    budget : int
        Model calls at most; a round of moves that they do not suffice for is not begun.
    """

    window_s: float = Field(default=0.5, gt=0)
    hop_s: float = Field(default=0.25, gt=0)
    budget: int = Field(default=400, ge=1)


class _Search:
    """Windows that are chosen, and the account of what it took."""

    def __init__(self, perturber: Perturber, settings: MaskSearchParameters) -> None:
        segments = perturber.segments
        window = min(whole_segments(settings.window_s, segments), perturber.n_segments)
        hop = min(whole_segments(settings.hop_s, segments), window)
        self._asks = 2 if settings.direction == "both" else 1
        for step in range(hop, window + 1):
            self.windows: BoolArray = ~designs.keep_window(segments.n, window=window, hop=step)
            if len(self.windows) * self._asks * _ROUNDS <= settings.budget:
                break
        if len(self.windows) * self._asks > settings.budget:
            raise NotApplicableError(
                f"budget={settings.budget} does not suffice for one round of"
                f" {len(self.windows)} windows; type budget={len(self.windows) * self._asks * 5}"
            )
        self.window = window
        self._perturber = perturber
        self._direction = settings.direction
        self._left = settings.budget
        self.chosen: list[int] = []
        self.value = -np.inf
        self.gains = np.zeros(len(self.windows))
        self.differ = False  # whether some window has ever scored more than another

    def beside(self, others: list[int]) -> FloatArray | None:
        """Score every window beside others, higher is better; None where calls are short."""
        shown, found = self.windows | self.mask(others), np.zeros(len(self.windows))
        asked = len(shown) * self._asks
        if self._left < asked:
            return None
        self._left -= asked
        if self._direction in ("keep", "both"):
            found += self._perturber.scores(~shown)
        if self._direction in ("remove", "both"):
            found -= self._perturber.scores(shown)
        self.differ = self.differ or bool(np.ptp(found) > _GAIN)
        return found

    def mask(self, chosen: list[int]) -> BoolArray:
        """Say which segments are in some windows."""
        shown = np.zeros(self.windows.shape[1], dtype=bool)
        for window in chosen:
            shown |= self.windows[window]
        return shown

    def add(self) -> bool:
        """Add the window that gains most."""
        found = self.beside(self.chosen)
        if found is None:
            return False
        new = (self.windows & ~self.mask(self.chosen)).any(axis=1)
        best = int(np.argmax(np.where(new, found, -np.inf)))
        self.chosen, self.value = [*self.chosen, best], float(found[best])
        self.gains = found
        return True

    def improve(self) -> None:
        """Move one window after the other until none moves."""
        still = 0
        while still < len(self.chosen) and len(self.chosen) > 1:
            others = self.chosen[1:]
            found = self.beside(others)
            if found is None:
                return
            best, gained = int(np.argmax(found)), float(found.max()) > self.value + _GAIN
            still = 0 if gained else still + 1
            self.value = max(self.value, float(found[self.chosen[0]]))
            if gained:
                self.value, self.gains = float(found[best]), found
            self.chosen = [*others, best if gained else self.chosen[0]]


class MaskSearch:
    """The mean of the masks over the areas; within it, what a window did for the last of them."""

    def __init__(self, parameters: MaskSearchParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings, n = self._parameters, perturber.n_segments
        search = _Search(perturber, settings)
        masks, notes = [], []
        for area in sorted(settings.areas):
            count = max(1, round(wanted_cells(area, n) / search.window))
            while len(search.chosen) < count and not search.mask(search.chosen).all():
                if not search.add():
                    break
            search.improve()
            if len(search.chosen) < count and not search.mask(search.chosen).all():
                notes.append(f"the calls were spent before the mask of {area:.0%} was whole")
                break
            masks.append(search.mask(search.chosen))
        if not search.differ:
            return Explanation(np.zeros(n), notes=("no window scores more than another",))
        if not masks:
            masks = [search.mask(search.chosen)]
        relevance = np.mean(masks, axis=0)
        covered = designs.average_over_windows(search.windows, search.gains)
        span = float(np.ptp(covered))
        if span > 0:  # less than a step between two masks: an order among the segments of one
            relevance = relevance + 0.5 / len(masks) * (covered - covered.min()) / span
        told = {
            "keep": f"score {search.value:.3g} alone",
            "remove": f"leave a score of {-search.value:.3g}",
            "both": f"score {search.value:.3g} more than the rest",
        }
        notes.insert(0, f"{len(search.chosen)} windows {told[settings.direction]}")
        return Explanation(relevance, notes=tuple(notes))


SPEC = ExplainerSpec(
    name="mask-search",
    summary="The smallest masks that keep the score, or remove it, found by moving windows.",
    citation=(
        "Fong et al. (2019), arXiv:1910.08485; Pudil et al. (1994),"
        " doi:10.1016/0167-8655(94)90127-9"
    ),
    cost="at most 400 calls of its own",
    parameters=MaskSearchParameters,
    factory=finished(MaskSearch),
)
