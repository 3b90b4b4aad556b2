"""``keep-window``: only one window is audible at a time.

Occlusion asks what is missing without a window, and learns nothing where a sound occurs twice. This
asks what a window says by itself. The window must be long enough for the rest to sound natural: on
0.1 s windows it fails.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from awb import designs
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import Instance
from awb_plugins.explainers.segmentwise.naive import whole_segments
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished


class KeepWindowParameters(SegmentParameters):
    """Settings of `keep-window`: window and hop in seconds, rounded to whole segments."""

    window_s: float = Field(default=0.5, gt=0)
    hop_s: float = Field(default=0.1, gt=0)

    @model_validator(mode="after")
    def _no_gaps(self) -> KeepWindowParameters:
        """Refuse hops that leave segments unheard."""
        if self.hop_s > self.window_s:
            raise ValueError("hop_s must not be longer than window_s")
        return self


class KeepWindow:
    """The score of a window alone minus the score of nothing, averaged over the windows."""

    def __init__(self, parameters: KeepWindowParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        window = whole_segments(self._parameters.window_s, perturber.segments)
        hop = whole_segments(self._parameters.hop_s, perturber.segments)
        drop_masks = designs.keep_window(perturber.n_segments, window=window, hop=min(hop, window))
        gains = perturber.scores(drop_masks) - perturber.dropped_score()
        return designs.average_over_windows(~drop_masks, gains)


SPEC = ExplainerSpec(
    name="keep-window",
    summary="How much the score rises over that of nothing when one 500 ms window is audible.",
    citation=(
        "this project; the complement of Zeiler & Fergus (2014), doi:10.1007/978-3-319-10590-1_53"
    ),
    cost="one call per window (102 for 10 s; 52 with window_s=1,hop_s=0.2)",
    parameters=KeepWindowParameters,
    factory=finished(KeepWindow),
)
