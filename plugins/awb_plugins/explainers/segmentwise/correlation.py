"""``correlation`` and ``rise``: one number a segment, without a model of the rest."""

from __future__ import annotations

import numpy as np

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, whole_design
from awb.types import BoolArray, Instance
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished


def correlations(drop_masks: BoolArray, scores: FloatArray) -> FloatArray:
    """Correlate each segment's keep indicator with the score."""
    kept = (~drop_masks).astype(np.float64)
    kept -= kept.mean(axis=0)
    centred = scores - scores.mean()
    if np.ptp(scores) <= 1e-9 * max(1.0, float(np.abs(scores).max())):
        return np.zeros(drop_masks.shape[1])
    spread = np.sqrt((kept**2).sum(axis=0) * (centred**2).sum())
    found: FloatArray = np.divide(
        centred @ kept, spread, out=np.zeros_like(spread), where=spread > 1e-12
    )
    return found


def mean_kept_score(drop_masks: BoolArray, scores: FloatArray) -> FloatArray:
    """Average the scores of the masks that keep a segment."""
    kept = (~drop_masks).astype(np.float64)
    gain: FloatArray = (scores - scores.mean()) @ kept / np.maximum(kept.sum(axis=0), 1.0)
    return gain


def explain_correlation(
    perturber: Perturber, instance: Instance, rng: np.random.Generator
) -> FloatArray:
    """Explain one instance by correlation; see `awb.specs.Explainer`."""
    pool = perturber.pool()
    return correlations(pool.drop_masks, pool.scores)


def explain_rise(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> FloatArray:
    """Explain one instance by mean scores; see `awb.specs.Explainer`."""
    pool = perturber.pool()
    return mean_kept_score(pool.drop_masks, pool.scores)


SPEC = ExplainerSpec(
    name="correlation",
    summary="Correlation of each segment's keep indicator with the score.",
    citation="Pearson (1895), doi:10.1098/rspl.1895.0041",
    cost="the shared design",
    least_calls=whole_design,
    parameters=SegmentParameters,
    factory=finished(lambda _: explain_correlation),
)

RISE = ExplainerSpec(
    name="rise",
    summary="Mean score of the masks that keep a segment, over the mean of all masks.",
    citation="Petsiuk et al. (2018), arXiv:1806.07421 (there on probabilities, here on log-odds)",
    cost="the shared design",
    least_calls=whole_design,
    parameters=SegmentParameters,
    factory=finished(lambda _: explain_rise),
)
