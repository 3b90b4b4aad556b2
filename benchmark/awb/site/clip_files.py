"""The clip that opens the site: sound, spectrogram and facts, kept beside the submissions.

They are written once (``awb site clip``) and copied by every build, because encoders, and the last
bit of generated audio, differ between machines.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from awb.audio import resample
from awb.data.instance_kinds import only_hits
from awb.errors import DataError, ParameterError, SubmissionError, UnknownNameError, did_you_mean
from awb.leaderboard.submissions.credits import SUBMISSIONS
from awb.leaderboard.verification.published_folder import read_folder
from awb.plugins.discovery import Registry
from awb.report.views.board import InstanceView
from awb.report.views.clips import Heard
from awb.report.views.spectrogram import spectrogram
from awb.site.audio import SubmittedClips
from awb.site.catalog import catalog_of

FOLDER, FACTS, SOUND, PICTURE = "clip", "clip.json", "clip.flac", "clip.webp"
LARGEST = 600_000
"""Maximum number of bytes of a file."""

RATE_HZ = 16_000
"""Sounds of higher rates are resampled to this one."""


class ClipFacts(BaseModel):
    """What the files of a clip show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    model: str
    clip: str
    target: str
    explainers: Annotated[tuple[str, ...], Field(max_length=6)]
    audio_sha256: str  # of the explained audio, as in the manifest
    events: Annotated[tuple[tuple[float, float, str], ...], Field(max_length=200)]  # of all classes
    ticks: Annotated[tuple[tuple[float, str], ...], Field(max_length=20)]  # of the spectrogram
    sound_sha256: str
    picture_sha256: str


@dataclass(frozen=True, slots=True)
class StoredClip:
    """A clip with its sound (FLAC, 16 bit) and its spectrogram (WebP)."""

    facts: ClipFacts
    sound: bytes = field(repr=False)
    picture: bytes = field(repr=False)

    @property
    def explainers(self) -> tuple[str, ...]:
        """The explainers on the first page."""
        return self.facts.explainers

    @property
    def others(self) -> list[tuple[float, float, str]]:
        """The events of other classes."""
        return [one for one in self.facts.events if one[2] != self.facts.target]

    def find(self, instances: Iterable[InstanceView]) -> InstanceView | None:
        """Find the instance that the clip shows, by its names and its audio."""
        facts = self.facts
        wanted = (facts.dataset, facts.model, facts.clip, facts.target, facts.audio_sha256)
        for one in instances:
            kept = one.kept
            if (one.dataset, one.model, kept.clip_id, kept.target, kept.audio_sha256) == wanted:
                return one
        return None


def read_clip(leaderboards: Path) -> StoredClip | None:
    """Read the clip of a folder of leaderboards, if there is one.

    Raises
    ------
    SubmissionError
        If its files are incomplete, too large, or not those that it was written with.
    """
    folder = leaderboards / FOLDER
    if not (folder / FACTS).is_file():
        return None
    facts_text, sound, picture = (_bytes(folder / name) for name in (FACTS, SOUND, PICTURE))
    try:
        facts = ClipFacts.model_validate_json(facts_text)
    except ValidationError as error:
        raise SubmissionError(f"{folder / FACTS}: {error.errors()[0]['msg']}. {_AGAIN}") from error
    for name, content, sha256 in (
        (SOUND, sound, facts.sound_sha256),
        (PICTURE, picture, facts.picture_sha256),
    ):
        if hashlib.sha256(content).hexdigest() != sha256:
            raise SubmissionError(f"{folder / name} is not the file that {FACTS} names. {_AGAIN}")
    return StoredClip(facts, sound, picture)


_AGAIN = "Write it again with awb site clip, or remove the folder"


def _bytes(path: Path) -> bytes:
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST:
            raise SubmissionError(f"{path} is a link or larger than {LARGEST:,} bytes. {_AGAIN}")
        return path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"cannot read {path}: {error.strerror or error}") from error


def write_clip(
    leaderboards: Path, registry: Registry, dataset: str, name: str, explainers: Sequence[str]
) -> Path:
    """Write the sound, spectrogram and facts of a published instance, ``CLIP/TARGET``."""
    submitted, _ = read_folder(leaderboards / SUBMISSIONS, registry)
    ours = [
        one
        for one in only_hits(submitted)
        if dataset in (one.record.dataset.label, one.record.dataset.name)
    ]
    if not ours:
        known = {one.record.dataset.label for one in submitted}
        raise ParameterError(f"nothing is published about {dataset}.{did_you_mean(dataset, known)}")
    views = [group.views[0] for pair in catalog_of(ours, registry).pairs for group in pair.groups]
    instances = {one.name: one for view in reversed(views) for one in view.instances}
    if name not in instances:
        raise UnknownNameError(
            f"{dataset} has no published instance {name!r}.{did_you_mean(name, instances)}"
        )
    instance = instances[name]
    pointing = {one.explainer for one in instance.explanations}
    for each in explainers:
        if each not in pointing:
            raise UnknownNameError(
                f"{each} has no entry on the board of {name}.{did_you_mean(each, pointing)}"
            )
    heard = SubmittedClips(ours, registry, [dataset]).load(instance)
    if isinstance(heard, str):
        raise DataError(heard)
    return _write(leaderboards / FOLDER, instance, heard, tuple(explainers))


def _write(folder: Path, instance: InstanceView, heard: Heard, explainers: tuple[str, ...]) -> Path:
    import soundfile

    clip = heard.clip
    rate_hz = min(clip.sample_rate_hz, RATE_HZ)
    stream = io.BytesIO()
    ready = resample(clip.waveform, clip.sample_rate_hz, rate_hz)
    soundfile.write(stream, ready, rate_hz, format="FLAC", subtype="PCM_16", compression_level=1.0)
    picture = spectrogram(clip.waveform, clip.sample_rate_hz)
    sound, drawn = stream.getvalue(), picture.webp()
    facts = ClipFacts(
        dataset=instance.dataset,
        model=instance.model,
        clip=instance.kept.clip_id,
        target=instance.kept.target,
        explainers=explainers,
        audio_sha256=instance.kept.audio_sha256,
        events=tuple(
            (round(one.onset_s, 4), round(one.offset_s, 4), one.label)
            for one in sorted(clip.events, key=lambda each: each.onset_s)
        ),
        ticks=tuple((round(height, 4), text) for height, text in picture.ticks),
        sound_sha256=hashlib.sha256(sound).hexdigest(),
        picture_sha256=hashlib.sha256(drawn).hexdigest(),
    )
    text = json.dumps(facts.model_dump(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    content = {FACTS: text.encode("utf-8"), SOUND: sound, PICTURE: drawn}
    for name, data in content.items():
        if len(data) > LARGEST:
            raise DataError(
                f"{instance.name} is too long: {name} would be larger than {LARGEST:,} bytes"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in content.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise SubmissionError(f"cannot write to {folder}: {error.strerror or error}") from error
    return folder / FACTS
