"""Tracks for people's editors: Raven, Audacity, Praat and JAMS.

Conventions
-----------
A track is a named list of spans that do not overlap, of one recording. In labels, a span's share of
its track's highest value follows the class; Raven and JAMS have the values themselves too.

References
----------
See `awb.data.annotations.tables`, `lists`, `textgrids` and `jams_files`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awb.errors import MissingExtraError, RunError

JAMS_VERSION = "0.3.5"
_UNSAFE = re.compile(r"[^\w.=+-]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a track.

    Attributes
    ----------
    onset_s, offset_s : float
        Start and end in seconds.
    label : str
        Its class.
    value : float or None
        Relevance or score; None for a label of people.
    share : float or None
        The value over the highest of the track, None where that says nothing.
    band_hz : tuple of (float, float), or None
        Frequencies.
    """

    onset_s: float
    offset_s: float
    label: str
    value: float | None = None
    share: float | None = None
    band_hz: tuple[float, float] | None = None

    @property
    def text(self) -> str:
        """What an editor shows."""
        shown = self.share if self.share is not None else self.value
        return self.label if shown is None else f"{self.label} {shown:.2f}"


@dataclass(frozen=True, slots=True)
class Track:
    """A named list of spans.

    Attributes
    ----------
    source : str
        Who says so: an explainer, ``model`` or ``labels``.
    target : str
        The class.
    spans : tuple of Span
        In order, without overlaps.
    """

    source: str
    target: str
    spans: tuple[Span, ...]

    @property
    def name(self) -> str:
        """Name of the track."""
        return f"{self.source}: {self.target}"


@dataclass(frozen=True, slots=True)
class Recording:
    """The tracks of one recording.

    Attributes
    ----------
    name : str
        The clip, relative to the folder of the audio.
    duration_s : float
        Its length in seconds.
    highest_hz : float
        Half of the sample rate.
    model : str
        Whose decisions are explained.
    tracks : tuple of Track
        What is written.
    """

    name: str
    duration_s: float
    highest_hz: float
    model: str
    tracks: tuple[Track, ...]


def _raven(one: Recording, stem: Path) -> list[Path]:
    """Write one selection table, with the explainer and the relevance as measurements."""
    header = (
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"
        "Begin File\tFile Offset (s)\tAnnotation\tSource\tRelevance\tShare"
    )
    lines = [header]
    for track in one.tracks:
        for span in track.spans:
            low_hz, high_hz = span.band_hz or (0.0, one.highest_hz)
            cells = [
                str(len(lines)),
                "Spectrogram 1",
                "1",
                f"{span.onset_s:.6f}",
                f"{span.offset_s:.6f}",
                f"{low_hz:.3f}",
                f"{high_hz:.3f}",
                Path(one.name).name,
                f"{span.onset_s:.6f}",
                span.label,
                track.source,
                "" if span.value is None else f"{span.value:.6g}",
                "" if span.share is None else f"{span.share:.4f}",
            ]
            lines.append("\t".join(re.sub(r"[\t\n]", " ", cell) for cell in cells))
    return [_write(_beside(stem, ".Table.1.selections.txt"), "\n".join(lines) + "\n")]


def _audacity(one: Recording, stem: Path) -> list[Path]:
    """Write one file per track, which Audacity imports as a label track of that name."""
    paths = []
    for track in one.tracks:
        lines: list[str] = []
        for span in track.spans:
            text = re.sub(r"[\t\n]", " ", span.text)
            lines.append(f"{span.onset_s:.6f}\t{span.offset_s:.6f}\t{text}")
            if span.band_hz is not None:
                lines.append("\\\t{:.6f}\t{:.6f}".format(*span.band_hz))
        name = _UNSAFE.sub("_", f"{track.source}.{track.target}").strip("_")
        paths.append(_write(_beside(stem, f".{name}.txt"), "".join(f"{row}\n" for row in lines)))
    return paths


def _textgrid(one: Recording, stem: Path) -> list[Path]:
    """Write one TextGrid with a tier per track."""
    try:
        from praatio.utilities.textgrid_io import getTextgridAsStr
    except ImportError as error:
        raise MissingExtraError(
            "TextGrids are written by praatio."
            ' Type: python -m pip install "audio-where-benchmark[textgrid]"'
        ) from error
    tiers = []
    for track in one.tracks:
        entries = [
            (span.onset_s, min(span.offset_s, one.duration_s), span.text) for span in track.spans
        ]
        tiers.append(
            {
                "class": "IntervalTier",
                "name": track.name,
                "xmin": 0.0,
                "xmax": one.duration_s,
                "entries": entries,
            }
        )
    grid = {"xmin": 0.0, "xmax": one.duration_s, "tiers": tiers}
    text = getTextgridAsStr(grid, "long_textgrid", True)
    return [_write(_beside(stem, ".TextGrid"), text)]


def _jams(one: Recording, stem: Path) -> list[Path]:
    """Write one JAMS file with an annotation per track, with shares or scores as confidence."""
    annotations = [_annotation(track, one) for track in one.tracks]
    content = {
        "annotations": annotations,
        "file_metadata": {
            "title": one.name,
            "artist": "",
            "release": "",
            "duration": one.duration_s,
            "identifiers": {},
            "jams_version": JAMS_VERSION,
        },
        "sandbox": {},
    }
    text = json.dumps(content, indent=1, ensure_ascii=False)
    return [_write(_beside(stem, ".jams"), f"{text}\n")]


def _annotation(track: Track, one: Recording) -> dict[str, Any]:
    data = [
        {
            "time": span.onset_s,
            "duration": span.offset_s - span.onset_s,
            "value": span.label,
            "confidence": span.share if span.share is not None else span.value,
        }
        for span in track.spans
    ]
    return {
        "namespace": "tag_open",
        "annotation_metadata": {
            "curator": {"name": "", "email": ""},
            "annotator": {},
            "version": "",
            "corpus": "",
            "annotation_tools": "awb",
            "annotation_rules": "",
            "validation": "",
            "data_source": "manual annotation" if track.source == "labels" else "program",
        },
        "time": 0,
        "duration": one.duration_s,
        "data": data,
        "sandbox": {
            "source": track.source,
            "target": track.target,
            "model": one.model,
            "values": [span.value for span in track.spans],
        },
    }


def _beside(stem: Path, ending: str) -> Path:
    return stem.with_name(f"{stem.name}{ending}")


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}") from error
    return path


WRITERS: Mapping[str, Callable[[Recording, Path], list[Path]]] = {
    "raven": _raven,
    "audacity": _audacity,
    "textgrid": _textgrid,
    "jams": _jams,
}
"""What writes the tracks of a recording, by the name of the format."""


def write_tracks(form: str, recordings: Sequence[Recording], folder: Path) -> list[Path]:
    """Write the tracks of recordings, in files that are called after them.

    Parameters
    ----------
    form : str
        One of `WRITERS`.
    recordings : sequence of Recording
        What to write.
    folder : Path
        Where to; sub-folders as those of the clips.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    RunError
        If a file cannot be written.
    MissingExtraError
        If the library that writes TextGrids is not installed.
    """
    written: list[Path] = []
    for one in recordings:
        parts = [_UNSAFE.sub("_", part) for part in Path(one.name).parts if part not in ("/", "..")]
        name = Path(*parts)
        stem = name.with_name(name.stem if re.search(r"\.[A-Za-z]\w*$", name.name) else name.name)
        written += WRITERS[form](one, folder / stem)
    return written
