"""The baselines that every board carries: four nulls, and the labels themselves.

On a model whose features are a spectrogram they have a map of it too, so that the metrics of maps
have their chance level and their ceiling. The relevance of segments does not depend on the map.
"""

from __future__ import annotations

import numpy as np

from awb.alignment import cells_to_segments
from awb.data.class_index import ClassIndex
from awb.data.targets import events_of
from awb.errors import NotApplicableError
from awb.intervals import FloatArray
from awb.metrics import box_labels
from awb.perturbation import Perturber
from awb.protocols import SpectrogramModel
from awb.specs import ExplainerSpec
from awb.types import Explanation, Instance
from awb_plugins.explainers.spectrogram.hearing import features_of

Found = FloatArray | Explanation


def random(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> Found:
    """Draw relevance from a standard normal distribution; see `awb.specs.Explainer`."""
    relevance = rng.standard_normal(perturber.n_segments)
    grid = _grid(perturber, instance)
    return relevance if grid is None else Explanation(relevance, rng.standard_normal(grid))


def constant(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> Found:
    """Give every segment the same relevance; see `awb.specs.Explainer`."""
    relevance, grid = np.ones(perturber.n_segments), _grid(perturber, instance)
    return relevance if grid is None else Explanation(relevance, np.ones(grid))


def energy(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> Found:
    """Take a segment's root mean square for its relevance; see `awb.specs.Explainer`."""
    relevance, grid = _loudness(perturber, instance), _magnitudes(perturber, instance)
    return relevance if grid is None else Explanation(relevance, grid)


def keep_nearly_all(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> Found:
    """Drop the quietest segment alone, of several one at random; see `awb.specs.Explainer`."""
    relevance = _but_the_quietest(_loudness(perturber, instance), rng)
    grid = _magnitudes(perturber, instance)
    return relevance if grid is None else Explanation(relevance, _but_the_quietest(grid, rng))


def oracle(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> Found:
    """Take the labels: the covered part of each segment; see `awb.specs.Explainer`."""
    if len(instance.intervals_s) == 0:
        raise NotApplicableError("the target has no annotated times")
    covered = perturber.segments.coverage(instance.intervals_s)
    relevance, grid = cells_to_segments(covered, perturber.segments), _boxes(perturber, instance)
    return relevance if grid is None else Explanation(relevance, grid)


def _loudness(perturber: Perturber, instance: Instance) -> FloatArray:
    """Return the root mean square of each segment."""
    segments = perturber.segments
    edges = segments.edges_samples
    power = np.square(instance.clip.waveform, dtype=np.float64)
    per_cell = np.sqrt(np.add.reduceat(power, edges[:-1]) / np.diff(edges))
    return cells_to_segments(per_cell, segments)


def _but_the_quietest(loudness: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Give all the same relevance but the quietest, of several one at random."""
    relevance = np.ones(loudness.size)
    relevance[rng.choice(np.flatnonzero(loudness == loudness.min()))] = 0.0
    return relevance.reshape(loudness.shape)


def _grid(perturber: Perturber, instance: Instance) -> tuple[int, int] | None:
    """Return the numbers of frames and bins of the model's spectrogram, if it has one."""
    try:
        model = perturber.model_as(SpectrogramModel)
    except NotApplicableError:
        return None
    frames, bins = features_of(model, instance.clip.waveform[np.newaxis]).shape[1:]
    return int(frames), int(bins)


def _magnitudes(perturber: Perturber, instance: Instance) -> FloatArray | None:
    """Take the magnitudes of a short-time spectrum at the centres of the model's cells."""
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    grid = _grid(perturber, instance)
    if grid is None:
        return None
    model, clip = perturber.model_as(SpectrogramModel), instance.clip
    length = max(4, min(round(0.032 * clip.sample_rate_hz), 2 * clip.waveform.size) // 4 * 4)
    transform = ShortTimeFFT(hann(length, sym=False), length // 4, clip.sample_rate_hz)
    spectrum = np.abs(transform.stft(np.pad(clip.waveform.astype(np.float64), (0, length))))
    times_s = transform.t(clip.waveform.size + length)
    frame = np.searchsorted(times_s, model.frame_centers_s(grid[0])).clip(0, times_s.size - 1)
    at_bins = np.stack(
        [np.interp(model.bin_centers_hz(grid[1]), transform.f, row) for row in spectrum.T[frame]]
    )
    return np.asarray(at_bins, dtype=np.float64)


def _boxes(perturber: Perturber, instance: Instance) -> FloatArray | None:
    """Take the times and frequencies of the target's events, if all of them are known."""
    grid = _grid(perturber, instance)
    if grid is None:
        return None
    model = perturber.model_as(SpectrogramModel)
    events = events_of(instance.clip, ClassIndex(model), instance.class_index)
    boxes = [(one.onset_s, one.offset_s, *one.band_hz) for one in events if one.band_hz]
    if not boxes or len(boxes) < len(events):
        return None
    labels = box_labels(model.frame_centers_s(grid[0]), model.bin_centers_hz(grid[1]), boxes)
    return labels.astype(np.float64)


SPECS = [
    ExplainerSpec(
        name="random",
        summary="Random numbers: what chance scores.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        factory=lambda _: random,
    ),
    ExplainerSpec(
        name="constant",
        summary="The same relevance everywhere: what ties score.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        factory=lambda _: constant,
    ),
    ExplainerSpec(
        name="energy",
        summary="Loudness of each segment: what a model-blind guess scores.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        factory=lambda _: energy,
    ),
    ExplainerSpec(
        name="keep-nearly-all",
        summary="Every segment but the quietest: what a mask that drops nothing scores.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        factory=lambda _: keep_nearly_all,
    ),
    ExplainerSpec(
        name="oracle",
        summary="The labels themselves: what perfect localization scores.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        sees_labels=True,
        factory=lambda _: oracle,
    ),
]
