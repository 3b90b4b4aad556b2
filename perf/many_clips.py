"""A plugin file with as many small clips as one asks for, and a model that costs next to nothing.

    awb run --plugin perf/many_clips.py --dataset many-clips:clips=2000 --model first-samples \
        --explainers energy --no-baselines

What such a run takes is awb's own cost per clip.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from awb.hookspecs import hookimpl
from awb.protocols import ScoreArray
from awb.specs import DatasetSpec, ModelSpec, Parameters
from awb.types import AudioArray, Clip, Event

RATE_HZ, N_SEGMENTS = 16_000, 10
CLASSES = ("hum", "other")


class Number(Parameters):
    """How many clips there are."""

    clips: int = 2000


class ManyClips:
    """Clips of one second of noise, each with a louder tenth of a second."""

    def __init__(self, settings: Number) -> None:
        self._count = settings.clips

    def clip_ids(self) -> tuple[str, ...]:
        return tuple(f"{number:06d}" for number in range(self._count))

    def load(self, clip_id: str) -> Clip:
        rng = np.random.default_rng(int(clip_id))
        waveform = (0.01 * rng.standard_normal(RATE_HZ)).astype(np.float32)
        start = int(clip_id) % N_SEGMENTS
        waveform[start * 1600 : (start + 1) * 1600] *= 10
        onset_s = start / N_SEGMENTS
        event = Event(onset_s, onset_s + 1 / N_SEGMENTS, "hum")
        return Clip(clip_id, waveform, RATE_HZ, (event,))


class FirstSamples:
    """Log-odds from how far a few samples of each tenth of a second are from zero."""

    sample_rate_hz = RATE_HZ
    classes = CLASSES
    weights_sha256 = "none"

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        loud = np.abs(waveforms[:, ::100]).max(axis=1)
        return np.stack([10 * loud - 0.5, 0.5 - 10 * loud], axis=1).astype(np.float32)


@hookimpl
def awb_datasets() -> list[DatasetSpec]:
    """The clips."""
    return [
        DatasetSpec(
            name="many-clips",
            summary="Small clips, as many as one asks for.",
            citation="perf/many_clips.py",
            parameters=Number,
            factory=_make_clips,
        )
    ]


@hookimpl
def awb_models() -> list[ModelSpec]:
    """The model."""
    return [
        ModelSpec(
            name="first-samples",
            summary="Hears a few samples.",
            citation="perf/many_clips.py",
            factory=_make_model,
        )
    ]


def _make_clips(parameters: Any) -> ManyClips:
    return ManyClips(parameters)


def _make_model(_: Parameters) -> FirstSamples:
    return FirstSamples()
