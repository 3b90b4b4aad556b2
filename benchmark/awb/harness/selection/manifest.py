"""Selection: which (clip, target) pairs are explained, and why the others are not.

An instance is kept if the clip has events of the target, their union lasts at most
``max_event_fraction`` of the clip, and the model's score reaches its decision threshold. All others
are counted by reason. A clip-level label is a target, too, but its times are unknown: its length is
not limited, and nothing is scored against its times. `awb.harness.selection.selector` describes
when clip-level labels are used.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from awb.audio import resample
from awb.data.class_index import ClassIndex
from awb.data.skipped import (
    LOW_SCORE,
    NO_EVENTS,
    TOO_LONG,
    UNHEARD,
    UNKNOWN_LABEL,
    Skipped,
)
from awb.data.targets import targets_of
from awb.errors import did_you_mean
from awb.intervals import total_s, union
from awb.protocols import ScoreArray
from awb.types import Clip, Instance

_HEARD_S = 1e-3  # tolerance, as resampling may lengthen a clip


@dataclass(frozen=True, slots=True)
class Kept:
    """A selected instance without its audio; a clip-level label has no intervals."""

    clip_id: str
    target: str
    class_index: int
    intervals_s: tuple[tuple[float, float], ...]
    score: float
    audio_sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All decisions about one (dataset, model) pair."""

    dataset: str
    model: str
    weights_sha256: str  # empty if the model has no weights
    kept: tuple[Kept, ...]
    skipped: tuple[Skipped, ...]
    fingerprint: str = ""  # the dataset's own hash of its tables and available files

    @property
    def sha256(self) -> str:
        """Hash of all decisions."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and dictionaries."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Manifest:
        """Rebuild a manifest from `to_json`."""
        kept = tuple(
            Kept(**{**entry, "intervals_s": tuple((a, b) for a, b in entry["intervals_s"])})
            for entry in plain["kept"]
        )
        skipped = tuple(Skipped(**entry) for entry in plain["skipped"])
        hashes = plain["weights_sha256"], plain.get("fingerprint", "")
        return cls(plain["dataset"], plain["model"], hashes[0], kept, skipped, hashes[1])


def audio_sha256(clip: Clip) -> str:
    """Hash the samples and the rate of a clip."""
    digest = hashlib.sha256(str(clip.sample_rate_hz).encode())
    digest.update(np.ascontiguousarray(clip.waveform).tobytes())
    return digest.hexdigest()


def prepare(clip: Clip, sample_rate_hz: int) -> Clip:
    """Resample a clip to the model's sample rate."""
    if clip.sample_rate_hz == sample_rate_hz:
        return clip
    waveform = resample(clip.waveform, clip.sample_rate_hz, sample_rate_hz)
    duration_s = waveform.size / sample_rate_hz
    events = tuple(
        replace(event, offset_s=min(event.offset_s, duration_s))
        for event in clip.events
        if event.onset_s < duration_s
    )
    return Clip(clip.id, waveform, sample_rate_hz, events, clip.labels, clip.group)


def decide(
    clip: Clip,
    scores: ScoreArray,
    classes: ClassIndex,
    *,
    max_event_fraction: float,
    min_score: float,
    hears_s: float = math.inf,
) -> Iterable[Kept | Skipped]:
    """Decide for every target of one clip whether it is kept."""
    if not (clip.events or clip.labels):
        yield Skipped(clip.id, "", NO_EVENTS)
    for target, index, events in targets_of(clip, classes):
        if index is None:
            hint = did_you_mean(target, classes.classes)
            yield Skipped(clip.id, target, UNKNOWN_LABEL, hint.strip() if "mean" in hint else "")
            continue
        intervals_s = union([(event.onset_s, event.offset_s) for event in events])
        fraction = total_s(intervals_s) / clip.duration_s
        score = float(scores[index])
        if fraction > max_event_fraction + 1e-9:
            yield Skipped(clip.id, target, TOO_LONG, f"{fraction:.3f} of the clip")
        elif intervals_s.size and intervals_s[-1, 1] > hears_s + _HEARD_S:
            detail = f"it ends at {intervals_s[-1, 1]:.2f} s, the model hears {hears_s:g} s"
            yield Skipped(clip.id, target, UNHEARD, detail)
        elif score < min_score:
            yield Skipped(clip.id, target, LOW_SCORE, f"log-odds {score:.2f}")
        else:
            spans = tuple((float(onset), float(offset)) for onset, offset in intervals_s)
            yield Kept(clip.id, target, index, spans, score, audio_sha256(clip))


def make_instance(dataset: str, clip: Clip, kept: Kept, sample_rate_hz: int) -> Instance:
    """Combine a selected instance with its audio."""

    ready = prepare(clip, sample_rate_hz)
    return Instance(dataset, ready, kept.target, kept.class_index, np.array(kept.intervals_s))
