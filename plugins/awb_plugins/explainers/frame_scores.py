"""``frame-scores``: what the model itself says of every moment, beside what explanations say.

A detector scores frames or windows before it combines them into the score of the clip. These scores
are not an explanation: they say when the model heard the class, not which audio it needed for that.
They show what an explanation of such a model has to beat, which is why the row has no place.

Each cell of 100 ms gets the mean log-odds of the stretches that reach into it, weighted by the time
that they share with it. Where nothing was scored, the lowest score stands.

References
----------
Dumpis, M., & Virtanen, T. (2026). arXiv:2605.23293 (Framewise predictions of a detector, beside
integrated gradients: IoU .42 and .39, F1 .55 and .52, pointing game 97 and 83 %.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.alignment import cells_to_segments, shares
from awb.errors import NotApplicableError
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.protocols import FrameScoreModel, PatchModel
from awb.segments import Segments
from awb.specs import ExplainerSpec
from awb.types import Instance


def frame_scores(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> FloatArray:
    """Take the scores of the model's frames or windows; see `awb.specs.Explainer`."""
    spans_s, scores = _scored(perturber, instance)
    perturber.charge(calls=1)
    return over_segments(scores, spans_s, perturber.segments)


def _scored(perturber: Perturber, instance: Instance) -> tuple[FloatArray, FloatArray]:
    """Return start and end of each stretch in seconds, and the target's score there."""
    waveform = instance.clip.waveform
    try:
        framed = perturber.model_as(FrameScoreModel)
    except NotApplicableError:
        return _windows(perturber, instance)
    scores = framed.frame_scores(waveform)[:, instance.class_index]
    return framed.frame_score_spans_s(waveform.size), scores.astype(np.float64)


def _windows(perturber: Perturber, instance: Instance) -> tuple[FloatArray, FloatArray]:
    """Score the windows of a model that pools them."""
    try:
        model = perturber.model_as(PatchModel)
    except NotApplicableError:
        raise NotApplicableError("the model declares no scores of frames or windows") from None
    waveform, length = instance.clip.waveform, model.patch_samples
    starts = model.patch_starts(waveform.size)
    padded = np.pad(waveform, (0, max(0, int(starts[-1]) + length - waveform.size)))
    patches = np.stack([padded[start : start + length] for start in starts])
    scores = model.patch_scores(patches)[:, instance.class_index]
    spans = np.stack([starts, starts + length], axis=1) / instance.clip.sample_rate_hz
    return spans, scores.astype(np.float64)


def over_segments(scores: FloatArray, spans_s: npt.ArrayLike, segments: Segments) -> FloatArray:
    """Average the scores of stretches over segments, by the time that they share.

    Parameters
    ----------
    scores : np.ndarray, shape=(stretches,)
        Log-odds.
    spans_s : array_like, shape=(stretches, 2)
        Start and end of each in seconds; what lies outside of the clip does not count.
    segments : Segments
        The segments.

    Returns
    -------
    np.ndarray, shape=(segments,)
        Mean log-odds; the lowest score where no stretch reaches.
    """
    end_s = segments.edges_samples[-1] / segments.sample_rate_hz
    spans = np.clip(np.asarray(spans_s, dtype=np.float64), 0.0, end_s)
    shared_s = shares(spans, segments) * np.diff(spans, axis=1)
    weight = shared_s.sum(axis=0)
    cells = np.full(weight.size, scores.min())
    np.divide(scores @ shared_s, weight, out=cells, where=weight > 0)
    return cells_to_segments(cells, segments)


SPEC = ExplainerSpec(
    name="frame-scores",
    summary="The model's own scores of its frames or windows: for reference, without a place.",
    citation="Dumpis & Virtanen (2026), arXiv:2605.23293",
    cost="one call",
    reference=True,
    factory=lambda _: frame_scores,
)
