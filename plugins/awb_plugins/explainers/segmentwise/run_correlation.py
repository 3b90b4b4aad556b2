"""``run-correlation``: correlation over masks of long dropped and short kept runs."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from awb import designs
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import Instance
from awb_plugins.explainers.segmentwise.correlation import correlations
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished


class RunCorrelationParameters(SegmentParameters):
    """Settings of `run-correlation`, which is absolute unless told otherwise.

    Attributes
    ----------
    samples : int
        Model calls.
    dropped_run_s, kept_run_s : float
        Mean lengths of dropped and kept runs in seconds.
    """

    samples: int = Field(default=300, ge=2)
    dropped_run_s: float = Field(default=2.0, gt=0)
    kept_run_s: float = Field(default=0.5, gt=0)
    sign: Literal["signed", "absolute"] = "absolute"


class RunCorrelation:
    """Correlation of keep indicators with the score over the design ``runs``."""

    def __init__(self, parameters: RunCorrelationParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings, hop_s = self._parameters, perturber.segments.hop_s
        drop_masks = designs.runs(
            perturber.n_segments,
            settings.samples,
            rng,
            dropped_run=max(1.0, settings.dropped_run_s / hop_s),
            kept_run=max(1.0, settings.kept_run_s / hop_s),
        )
        return correlations(drop_masks, perturber.scores(drop_masks))


SPEC = ExplainerSpec(
    name="run-correlation",
    summary="Absolute correlation of kept segments with the score, most of the clip dropped.",
    citation="this project; Pearson (1895), doi:10.1098/rspl.1895.0041",
    cost="300 calls of its own",
    parameters=RunCorrelationParameters,
    factory=finished(RunCorrelation),
)
