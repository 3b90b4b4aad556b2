"""Fake models whose causal segments are known, and small instances for them."""

from __future__ import annotations

import numpy as np

from awb.intervals import FloatArray, IntArray
from awb.maskers import zeros
from awb.perturbation import Design, Perturber
from awb.protocols import ScoreArray
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import AudioArray, Clip, Event, Instance

RATE_HZ = 1000
CELL = 100


class WeightedEnergy:
    """A model whose score is a weighted sum of segment energies: its causes are its weights."""

    sample_rate_hz = RATE_HZ
    classes = ("Target", "Other")

    def __init__(self, weights: FloatArray, offset: float = 0.0) -> None:
        self.weights = np.asarray(weights, dtype=np.float64)
        self.offset = offset
        self.batches: list[int] = []

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        self.batches.append(len(waveforms))
        power = np.square(waveforms.astype(np.float64)).reshape(len(waveforms), -1, CELL)
        score = power.mean(axis=2) @ self.weights + self.offset
        return np.stack([score, -score], axis=1).astype(np.float32)


class PatchEnergy:
    """A patch model: a patch's score is its energy, scored one by one.

    What makes it break its promise: ``flaw`` "normalized" (against the clip's maximum in `scores`),
    "starts" (another framing there) or "pool" (another pooling).
    """

    sample_rate_hz = RATE_HZ
    classes = ("Target", "Other")
    patch_samples = 430
    hop = 215

    def __init__(self, flaw: str = "") -> None:
        self.patches_seen = 0
        self.flaw = flaw

    def patch_starts(self, n_samples: int) -> IntArray:
        last = max(0, n_samples - self.patch_samples)
        return np.unique(np.append(np.arange(0, last + 1, self.hop), last))

    def patch_scores(self, patches: AudioArray) -> ScoreArray:
        self.patches_seen += len(patches)
        score = np.array([np.dot(patch, patch) for patch in patches], dtype=np.float32)
        return np.stack([score, -score], axis=1)

    def pool(self, patch_scores: ScoreArray) -> ScoreArray:
        return patch_scores.max(axis=-2)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        starts = self.patch_starts(waveforms.shape[1])
        if self.flaw == "starts":
            starts = np.maximum(starts - 1, 0)
        rows = []
        for waveform in waveforms:
            if self.flaw == "normalized":
                waveform = waveform / max(np.abs(waveform).max(), 0.1)
            padded = np.pad(waveform, (0, max(0, self.patch_samples - waveform.size)))
            cut = np.stack([padded[start : start + self.patch_samples] for start in starts])
            scores = self.patch_scores(cut)
            rows.append(scores.mean(axis=0) if self.flaw == "pool" else self.pool(scores))
        return np.stack(rows)


class FrameEnergy:
    """A frame model: features are energies of overlapping windows that hang over both ends."""

    sample_rate_hz = RATE_HZ
    classes = ("Target", "Other")
    frame_samples = 70
    hop = 30

    def __init__(
        self, *, normalized: bool = False, top_db: float | None = None, frame_samples: int = 70
    ) -> None:
        self.normalized = normalized
        self.top_db = top_db
        self.frame_samples = frame_samples
        self.waveforms_seen = 0

    def frame_starts(self, n_samples: int) -> IntArray:
        return np.arange(0, n_samples, self.hop) - 20

    def features(self, waveforms: AudioArray) -> ScoreArray:
        self.waveforms_seen += len(waveforms)
        starts = self.frame_starts(waveforms.shape[1]) + 20
        padded = np.pad(waveforms, ((0, 0), (20, self.frame_samples)))
        frames = np.stack([padded[:, at : at + self.frame_samples] for at in starts], axis=1)
        energy = np.einsum("bfs,bfs->bf", frames, frames)[..., np.newaxis]
        if self.top_db is not None:  # as librosa.power_to_db does by default
            level = 10 * np.log10(np.maximum(energy, 1e-10))
            return np.maximum(level, level.max(axis=(1, 2), keepdims=True) - self.top_db)
        return energy / energy.mean() if self.normalized else energy

    def feature_scores(self, features: ScoreArray) -> ScoreArray:
        rows = [row[:, 0] @ np.arange(row.shape[0], dtype=np.float32) for row in features]
        score = np.array(rows, dtype=np.float32)
        return np.stack([score, -score], axis=1)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        return self.feature_scores(self.features(waveforms))


def unit_clip(n_segments: int, *, seed: int = 0, clip_id: str = "clip") -> Clip:
    """A clip of noise in which every segment has a mean power of exactly 0.25."""
    noise = np.random.default_rng(seed).choice([-0.5, 0.5], size=n_segments * CELL)
    event = Event(0.0, CELL / RATE_HZ, "Target")
    return Clip(clip_id, noise.astype(np.float32), RATE_HZ, (event,))


def instance_of(clip: Clip) -> Instance:
    spans = [(event.onset_s, event.offset_s) for event in clip.events]
    return Instance("fake", clip, "Target", 0, np.array(spans).reshape(-1, 2))


def perturber_for(
    model: object,
    clip: Clip,
    *,
    samples: int = 500,
    seed: int = 0,
    segment_s: float = 0.1,
    is_budget: bool = False,
) -> Perturber:
    return Perturber(
        model,  # type: ignore[arg-type]
        instance_of(clip),
        Segments(clip.waveform.size, clip.sample_rate_hz, segment_s, 0.1),
        zeros,
        RandomKey((seed, "fake", clip.id, "Target")),
        design=Design(samples, is_budget=is_budget),
    )
