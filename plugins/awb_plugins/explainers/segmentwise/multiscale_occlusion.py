"""``multiscale-occlusion``: occlusion with short and long windows, averaged."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from awb.designs import average_over_windows, occlusion
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import Instance
from awb_plugins.explainers.segmentwise.naive import whole_segments
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished


def _split(value: object) -> object:
    """Read ``0.1+0.5+2``, as it is typed on the command line."""
    return value.split("+") if isinstance(value, str) else value


Seconds = Annotated[float, Field(gt=0)]


class MultiscaleOcclusionParameters(SegmentParameters):
    """Settings of `multiscale-occlusion`.

    ``windows_s`` are the windows in seconds (typed ``0.1+0.5+2``), ``hop_s`` is between two windows
    of one length.
    """

    windows_s: Annotated[tuple[Seconds, ...], BeforeValidator(_split), Field(min_length=1)] = (
        0.1,
        0.2,
        0.5,
        1.0,
        2.0,
    )
    hop_s: float = Field(default=0.1, gt=0)


class MultiscaleOcclusion:
    """The fall of the score without a window, averaged over the windows and then over the scales.

    A short window places evidence well and misses what its neighbours can replace; a long
    window the other way round.
    """

    def __init__(self, parameters: MultiscaleOcclusionParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        segments = perturber.segments
        hop = whole_segments(self._parameters.hop_s, segments)
        clip_score = perturber.clip_score()
        scales = []
        for window_s in self._parameters.windows_s:
            window = whole_segments(window_s, segments)
            windows = occlusion(segments.n, window=window, hop=min(hop, window))
            drops = clip_score - perturber.scores(windows)
            scales.append(average_over_windows(windows, drops))
        relevance: FloatArray = np.mean(scales, axis=0)
        return relevance


SPEC = ExplainerSpec(
    name="multiscale-occlusion",
    summary="Occlusion with windows of 0.1, 0.2, 0.5, 1 and 2 s, averaged over the scales.",
    citation="Zeiler & Fergus (2014), doi:10.1007/978-3-319-10590-1_53; scales averaged here",
    cost="one call per window and scale (about 470 for 10 s, those of naive among them)",
    parameters=MultiscaleOcclusionParameters,
    factory=finished(MultiscaleOcclusion),
)
