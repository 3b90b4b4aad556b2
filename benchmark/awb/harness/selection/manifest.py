"""Selection: which (clip, target) pairs are explained, and why the others are not.

A hit is kept if the clip has events of the target, their union lasts at most
``max_event_fraction`` of the clip, and the model's score reaches its decision threshold; a miss, if
the score does not reach it. All others are counted by reason. A clip-level label is a target, too,
but its times are unknown: its length is not limited, and nothing is scored against its times.
`awb.harness.selection.selector` describes when clip-level labels are used, and
`awb.harness.selection.false_alarms` decides about false alarms.
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
from awb.data.class_index import ClassIndex, fold
from awb.data.instance_kinds import HITS, MISSES, InstanceKind
from awb.data.skipped import (
    HEARD,
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

_ALIKE = 0.66  # how similar a class must be called to be suggested: a slip, not another sound
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
    others: tuple[tuple[str, float, float], ...] = ()  # of a false alarm: what is labelled, when
    duration_s: float = 0.0  # of the clip of a false alarm

    def to_json(self) -> dict[str, Any]:
        """Return a plain dictionary; without what only false alarms have, for the others."""
        plain = asdict(self)
        if not self.others:
            del plain["others"], plain["duration_s"]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Kept:
        """Rebuild an instance from `to_json`."""
        spans = tuple((onset_s, offset_s) for onset_s, offset_s in plain["intervals_s"])
        others = tuple((label, onset, offset) for label, onset, offset in plain.get("others", ()))
        return cls(**{**plain, "intervals_s": spans, "others": others})


@dataclass(frozen=True, slots=True)
class Manifest:
    """All decisions about one (dataset, model) pair."""

    dataset: str
    model: str
    weights_sha256: str  # empty if the model has no weights
    kept: tuple[Kept, ...]
    skipped: tuple[Skipped, ...]
    fingerprint: str = ""  # the dataset's own hash of its tables and available files
    kind: InstanceKind = HITS

    @property
    def sha256(self) -> str:
        """Hash of all decisions."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def times_known(self) -> bool:
        """Whether any instance has annotated times; also if there is no instance."""
        return not self.kept or any(one.intervals_s for one in self.kept)

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and dictionaries; hits, the default kind, are not named."""
        plain = {
            "dataset": self.dataset,
            "model": self.model,
            "weights_sha256": self.weights_sha256,
            "kept": [one.to_json() for one in self.kept],
            "skipped": [asdict(one) for one in self.skipped],
            "fingerprint": self.fingerprint,
        }
        return plain if self.kind == HITS else {**plain, "kind": self.kind}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Manifest:
        """Rebuild a manifest from `to_json`."""
        kept = tuple(Kept.from_json(entry) for entry in plain["kept"])
        skipped = tuple(Skipped(**entry) for entry in plain["skipped"])
        hashes = plain["weights_sha256"], plain.get("fingerprint", "")
        kind = plain.get("kind", HITS)
        return cls(plain["dataset"], plain["model"], hashes[0], kept, skipped, hashes[1], kind)


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
    kind: InstanceKind = HITS,
) -> Iterable[Kept | Skipped]:
    """Decide for every target of one clip whether it is kept, as a hit or as a miss."""
    if not (clip.events or clip.labels):
        yield Skipped(clip.id, "", NO_EVENTS)
    for target, index, events in targets_of(clip, classes):
        if index is None:
            initial = fold(target)[:1]
            alike = [name for name in classes.classes if fold(name)[:1] == initial]
            hint = did_you_mean(target, alike, cutoff=_ALIKE)
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
        elif kind == MISSES and score >= min_score:
            yield Skipped(clip.id, target, HEARD, f"log-odds {score:.2f}")
        elif kind == HITS and score < min_score:
            yield Skipped(clip.id, target, LOW_SCORE, f"log-odds {score:.2f}")
        else:
            spans = tuple((float(onset), float(offset)) for onset, offset in intervals_s)
            yield Kept(clip.id, target, index, spans, score, audio_sha256(clip))


def make_instance(dataset: str, clip: Clip, kept: Kept, sample_rate_hz: int) -> Instance:
    """Combine a selected instance with its audio."""

    ready = prepare(clip, sample_rate_hz)
    return Instance(dataset, ready, kept.target, kept.class_index, np.array(kept.intervals_s))
