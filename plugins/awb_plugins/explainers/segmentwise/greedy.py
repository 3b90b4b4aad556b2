"""``greedy``: the window that helps most, then the one that helps most beside it, and so on.

A segment's relevance is the most that it ever brought: alone, as in `keep-window`, or beside what
was chosen before it. So what suffices by itself counts even after something else suffices, and what
needs company counts once it has it.

References
----------
Nemhauser, G. L., Wolsey, L. A., & Fisher, M. L. (1978). An analysis of approximations for
maximizing submodular set functions. Mathematical Programming 14. doi:10.1007/BF01588971
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from awb import designs
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import BoolArray, Instance
from awb_plugins.explainers.segmentwise.naive import whole_segments
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished


class GreedyParameters(SegmentParameters):
    """Settings of `greedy`.

    Attributes
    ----------
    direction : str
        ``insertion`` starts from nothing and adds the window that raises the score most;
        ``deletion`` starts from the clip and drops the window whose loss lowers it most.
    steps : int
        Windows that are chosen; each step asks for one call per window.
    window_s : float
        Length of a window in seconds; windows start at every segment.
    """

    direction: Literal["insertion", "deletion"] = "insertion"
    steps: int = Field(default=5, ge=1)
    window_s: float = Field(default=0.5, gt=0)


class Greedy:
    """The largest gain of each segment's windows over the steps."""

    def __init__(self, parameters: GreedyParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        inserting = self._parameters.direction == "insertion"
        window = whole_segments(self._parameters.window_s, perturber.segments)
        windows = ~designs.keep_window(perturber.n_segments, window=window)
        chosen = np.zeros(perturber.n_segments, dtype=bool)
        now = perturber.dropped_score() if inserting else perturber.clip_score()
        relevance = np.full(perturber.n_segments, -np.inf)
        for _ in range(self._parameters.steps):
            with_window: BoolArray = chosen | windows
            scores = perturber.scores(~with_window if inserting else with_window)
            gains = scores - now if inserting else now - scores
            news = (windows & ~chosen).any(axis=1)
            if not news.any():
                break
            brought = designs.average_over_windows(windows, gains)
            best = _best(np.where(news, gains, -np.inf), rng)
            brought[windows[best]] = np.maximum(brought[windows[best]], gains[best])
            relevance[~chosen] = np.maximum(relevance, brought)[~chosen]
            chosen |= windows[best]
            now = scores[best]
        return relevance


def _best(gains: FloatArray, rng: np.random.Generator) -> int:
    """Return the place of the largest gain, one of them by chance if there are several."""
    return int(rng.choice(np.flatnonzero(gains == gains.max())))


SPEC = ExplainerSpec(
    name="greedy",
    summary="Windows chosen one after the other, each the best beside those before it.",
    citation="Nemhauser et al. (1978), doi:10.1007/BF01588971",
    cost="one call per window and step (about 500 for 10 s and 5 steps; step 1 is keep-window's)",
    parameters=GreedyParameters,
    factory=finished(Greedy),
)
