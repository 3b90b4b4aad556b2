"""The audio of instances, read on demand through the dataset's plugin.

Run folders contain no audio. If the data cannot be read or have changed, a reason is returned
instead, and everything else is still shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from awb.errors import AwbError, DataError
from awb.harness.run import where_it_started
from awb.harness.selection.dataset_process import Source
from awb.harness.selection.manifest import audio_sha256, prepare
from awb.harness.storage.run_folder import RunFolder
from awb.harness.unit.warm_plugins import build
from awb.maskers import ContextMasker
from awb.plugins.discovery import Registry
from awb.plugins.resolve import Resolved, resolve
from awb.randomness import RandomKey
from awb.report.views.board import InstanceView
from awb.segments import Segments
from awb.types import AudioArray, Clip


@dataclass(frozen=True, slots=True)
class Heard:
    """The audio of one instance, as the model's input."""

    clip: Clip  # at the model's rate, with every event
    fill: AudioArray | None  # replacement of dropped audio; None if it depends on the drop mask
    segments: Segments


class Clips(Protocol):
    """A source of audio for reports."""

    def load(self, instance: InstanceView) -> Heard | str:
        """Return the audio of an instance, or the reason why there is none."""
        ...


class NoClips:
    """A source without audio, with a reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def load(self, instance: InstanceView) -> Heard | str:  # noqa: ARG002
        """Return the reason why there is none."""
        return self._reason


@dataclass(frozen=True, slots=True)
class RunSound:
    """The settings of a run from which the model's input is reconstructed."""

    segment_s: float
    segment_hop_s: float
    masker: Resolved
    seed: int
    rates_hz: dict[str, int]  # sample rate by model label, as far as the run folder records it

    @classmethod
    def of(cls, folder: RunFolder, registry: Registry) -> RunSound:
        """Read the settings from a run folder."""
        config = folder.config()
        rates = folder.record().get("sample_rates_hz") or {}
        return cls(
            config.segment_s,
            config.segment_hop_s,
            resolve(registry, "masker", config.masker),
            config.seed,
            {str(label): int(rate) for label, rate in rates.items()},
        )

    def heard(self, dataset: str, model: str, clip: Clip, target: str) -> Heard:
        """Reconstruct the model's input from a clip."""
        ready = prepare(clip, self.rates_hz.get(model, clip.sample_rate_hz))
        rate_hz = ready.sample_rate_hz
        key = RandomKey((self.seed, dataset, clip.id, target))
        masker = build(self.masker)
        fill = None
        if not isinstance(masker, ContextMasker):
            made = masker(ready.waveform, rate_hz, key.generator("masker"))
            fill = np.asarray(made, dtype=np.float32)
        segments = Segments(ready.waveform.size, rate_hz, self.segment_s, self.segment_hop_s)
        return Heard(ready, fill, segments)


class RunClips:
    """Audio of a run's instances, from its datasets."""

    def __init__(self, folder: RunFolder, registry: Registry) -> None:
        self._folder = folder
        self._sound = RunSound.of(folder, registry)
        self._sources: dict[str, Source | str] = {}
        for text in folder.config().datasets:
            try:
                with where_it_started(folder):
                    resolved = resolve(registry, "dataset", text)
                    self._sources[resolved.label] = Source(resolved, build(resolved))
            except AwbError as error:
                self._sources[text] = f"the dataset {text} is not available: {error}"

    def load(self, instance: InstanceView) -> Heard | str:
        """Return the audio of an instance, or the reason why there is none."""
        source = self._sources.get(instance.dataset)
        if not isinstance(source, Source):
            reasons = [one for one in self._sources.values() if isinstance(one, str)]
            return "; ".join(reasons) or f"the dataset {instance.dataset} is not available"
        try:
            with where_it_started(self._folder):
                clip = source.load(instance.kept.clip_id)
                if audio_sha256(clip) != instance.kept.audio_sha256:
                    return f"the audio of clip {clip.id} has changed since the run"
                return self._sound.heard(
                    source.resolved.spec.name, instance.model, clip, instance.kept.target
                )
        except AwbError as error:
            return str(error)


class GivenClips:
    """Audio that is already in memory."""

    def __init__(self, clips: Iterable[Clip], sound: RunSound, dataset: str) -> None:
        self._clips = {clip.id: clip for clip in clips}
        self._sound = sound
        self._dataset = dataset

    def load(self, instance: InstanceView) -> Heard | str:
        """Return the audio of an instance, or the reason why there is none."""
        clip = self._clips.get(instance.kept.clip_id)
        if clip is None:
            return f"clip {instance.kept.clip_id} is missing"
        return self._sound.heard(self._dataset, instance.model, clip, instance.kept.target)


def require(clips: Clips, instance: InstanceView) -> Heard:
    """Return the audio of an instance, or raise with the reason."""
    heard = clips.load(instance)
    if isinstance(heard, str):
        raise DataError(f"no audio of {instance.kept.clip_id}: {heard}")
    return heard
