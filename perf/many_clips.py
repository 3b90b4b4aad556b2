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


class Number(Parameters):
    """How many clips there are, and of how many classes."""

    clips: int = 2000
    classes: int = 1


class Classes(Parameters):
    """How many classes the model knows, beside "other"."""

    classes: int = 1


def named(classes: int) -> tuple[str, ...]:
    """Name the classes of the events."""
    return ("hum",) if classes == 1 else tuple(f"hum {number}" for number in range(classes))


class ManyClips:
    """Clips of one second of noise, each with a louder tenth of a second."""

    def __init__(self, settings: Number) -> None:
        self._count, self._classes = settings.clips, named(settings.classes)

    def clip_ids(self) -> tuple[str, ...]:
        return tuple(f"{number:06d}" for number in range(self._count))

    def load(self, clip_id: str) -> Clip:
        rng = np.random.default_rng(int(clip_id))
        waveform = (0.01 * rng.standard_normal(RATE_HZ)).astype(np.float32)
        start = int(clip_id) % N_SEGMENTS
        waveform[start * 1600 : (start + 1) * 1600] *= 10
        onset_s = start / N_SEGMENTS
        label = self._classes[int(clip_id) % len(self._classes)]
        event = Event(onset_s, onset_s + 1 / N_SEGMENTS, label)
        return Clip(clip_id, waveform, RATE_HZ, (event,))


class FirstSamples:
    """Log-odds from how far a few samples of each tenth of a second are from zero."""

    sample_rate_hz = RATE_HZ
    weights_sha256 = "none"

    def __init__(self, settings: Classes) -> None:
        self.classes = (*named(settings.classes), "other")

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        loud = np.abs(waveforms[:, ::100]).max(axis=1)
        heard = np.repeat((10 * loud - 0.5)[:, np.newaxis], len(self.classes), axis=1)
        heard[:, -1] = 0.5 - 10 * loud
        return heard.astype(np.float32)


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
            parameters=Classes,
            factory=_make_model,
        )
    ]


def _make_clips(parameters: Any) -> ManyClips:
    return ManyClips(parameters)


def _make_model(parameters: Any) -> FirstSamples:
    return FirstSamples(parameters)
