"""The audio of the clips: which file belongs to which segment, and reading it.

A file is named after its segment (``<YouTube id>_<start in ms>``) or its video (``<YouTube id>``),
in any sub-folder. The segment's own name wins; where a table has several segments of one video,
only that name is unambiguous. Other tools' names, ``Y<id>`` and ``<id>_30.000_40.000``, are found
too. Of several suffixes the first of `SUFFIXES` wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from awb.audio import duration_s, read_audio
from awb.data.annotations.names import AbsentError, Names
from awb.errors import AudioError, DataError
from awb.types import AudioArray
from awb_datasets.audioset import m4a
from awb_datasets.audioset.instances import CLIP_S
from awb_datasets.audioset.labels import Segment

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".m4a")

_MOST_OVER_S = 0.25  # AAC pads a clip by up to 3,000 samples at its ends
_WHOLE_S = 1.0  # longer than this by more, it is no clip at all


class AudioFiles:
    """The files of a folder, by segment."""

    def __init__(self, folder: Path, segments: Sequence[Segment]) -> None:
        named = _by_name(folder.expanduser())
        several = Counter(segment.video for segment in segments)
        others = Names(f"{name}.wav" for name in named)
        self._paths: dict[str, Path] = {}
        for segment in segments:
            path = named.get(segment.id)
            if path is None and several[segment.video] == 1:
                path = named.get(segment.video)
            path = path or _called_otherwise(segment, named, others)
            if path is not None:
                self._paths[segment.id] = path
        if not self._paths:
            raise DataError(
                f"audio {folder}: none of its {len(named)} audio files belongs to one of the"
                f" {len(segments)} clips; expected names like {segments[0].video}.wav or"
                f" {segments[0].id}.wav ({', '.join(SUFFIXES)})"
            )

    def __contains__(self, segment: Segment) -> bool:
        """Tell whether a segment has a file; whether it can be read is another matter."""
        return segment.id in self._paths

    def duration_s(self, segment: Segment) -> float:
        """Return how long a clip's file says it is."""
        path = self._paths[segment.id]
        known_s = m4a.duration_s(path) if _is_m4a(path) else duration_s(path)
        return _refuse_whole_video(path, segment, known_s)

    def read(self, segment: Segment) -> tuple[AudioArray, int]:
        """Read a clip as one mono waveform."""
        path = self._paths[segment.id]
        waveform, sample_rate_hz = m4a.read(path) if _is_m4a(path) else read_audio(path)
        _refuse_whole_video(path, segment, waveform.size / sample_rate_hz)
        return waveform, sample_rate_hz


def _is_m4a(path: Path) -> bool:
    return path.suffix.lower() == ".m4a"


def _by_name(folder: Path) -> dict[str, Path]:
    """List the audio files of a folder by name without suffix."""
    if not folder.is_dir():
        problem = "is a file, expected a folder" if folder.exists() else "does not exist"
        raise DataError(f"audio {folder} {problem}")
    named: dict[str, Path] = {}
    ranked = sorted(
        (SUFFIXES.index(path.suffix.lower()), path)
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    for _, path in ranked:
        named.setdefault(path.name[: -len(path.suffix)], path)
    return named


def _called_otherwise(segment: Segment, named: dict[str, Path], others: Names) -> Path | None:
    """Find a file by the names that other tools give to clips."""
    try:
        name, _ = others.find(segment.id)
    except AbsentError:
        return None
    return named[name.removesuffix(".wav")]


def _refuse_whole_video(path: Path, segment: Segment, found_s: float) -> float:
    """Labels count from the clip's start, which in a whole video is somewhere else."""
    if segment.start_ms > 0 and found_s > CLIP_S + _MOST_OVER_S:
        start_s = segment.start_ms / 1000
        if found_s <= CLIP_S + _WHOLE_S:
            raise AudioError(
                f"{path} lasts {found_s:.2f} s instead of {CLIP_S:g} s: it may have been cut early,"
                f" and its labels lie elsewhere; cut it from {start_s:g} to {start_s + CLIP_S:g} s"
            )
        raise AudioError(
            f"{path} lasts {found_s:.1f} s: it seems to be the whole video; cut it to the"
            f" clip from {start_s:g} to {start_s + CLIP_S:g} s"
        )
    return found_s
