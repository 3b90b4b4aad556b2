"""``naive``: occlusion of one window at a time."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from awb.designs import average_over_windows, occlusion
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.segments import Segments
from awb.specs import ExplainerSpec
from awb.types import Instance
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished


class NaiveParameters(SegmentParameters):
    """Settings of `naive`: window and hop in seconds, rounded to whole segments."""

    window_s: float = Field(default=0.5, gt=0)
    hop_s: float = Field(default=0.1, gt=0)


def whole_segments(duration_s: float, segments: Segments) -> int:
    """Round a duration to whole segment hops, at least one."""
    return max(1, round(duration_s / segments.hop_s))


class Naive:
    """The score of the clip minus the score without a window, averaged over the windows."""

    def __init__(self, parameters: NaiveParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        windows = occlusion(
            perturber.n_segments,
            window=whole_segments(self._parameters.window_s, perturber.segments),
            hop=whole_segments(self._parameters.hop_s, perturber.segments),
        )
        drops = perturber.clip_score() - perturber.scores(windows)
        return average_over_windows(windows, drops)


SPEC = ExplainerSpec(
    name="naive",
    summary="Occlusion: how much the score falls when one 500 ms window is dropped.",
    citation="Zeiler & Fergus (2014), doi:10.1007/978-3-319-10590-1_53",
    cost="one call per window (about 100 for 10 s)",
    parameters=NaiveParameters,
    factory=finished(Naive),
)
