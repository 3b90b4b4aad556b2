"""Mel spectrograms of a whole dataset as images, in a folder per class, with a table of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from awb.errors import AwbError, ParameterError
from awb.harness.config.limits import Limits
from awb.harness.selection.clip_features import class_of
from awb.harness.selection.dataset_process import Reader
from awb.harness.selection.whole_dataset import readable
from awb.plugins.resolve import Resolved
from awb.report.views.spectrogram import spectrogram
from awb.specs import DatasetSpec
from awb.types import Clip

TABLE = "spectrograms.csv"
COLUMNS = ("file", "clip", "class", "group", "duration_s", "sample_rate_hz")
COLOURS = ("grey", "magma", "viridis", "inferno")
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
_LARGEST = 4096


@dataclass(frozen=True, slots=True)
class Picture:
    """What the images look like."""

    width: int = 224
    height: int = 224
    colour: str = "grey"

    def __post_init__(self) -> None:
        """Validate."""
        if not (1 <= self.width <= _LARGEST and 1 <= self.height <= _LARGEST):
            raise ParameterError(f"an image has 1 to {_LARGEST} pixels a side")

    def write(self, clip: Clip, path: Path) -> None:
        """Draw a clip; loud is bright, and the lowest frequency is at the bottom."""
        from PIL import Image

        found = spectrogram(
            clip.waveform, clip.sample_rate_hz, bins=self.height, frames=self.width
        ).levels
        if self.colour != "grey":
            from matplotlib import colormaps

            found = np.asarray(colormaps[self.colour](found, bytes=True))[..., :3]
        Image.fromarray(np.ascontiguousarray(found)).save(path, "PNG")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    images: int
    classes: int
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def write_spectrograms(
    dataset: Resolved[DatasetSpec],
    folder: Path,
    picture: Picture,
    report: Callable[[int, int], None],
    *,
    clips: int | None = None,
    limits: Limits | None = None,
) -> Written:
    """Write an image of every clip into ``folder/CLASS/``."""
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ParameterError(f"{folder} is not an empty folder; choose another one")
    problems: list[str] = []
    rows: list[dict[str, object]] = []
    taken: set[str] = set()
    try:
        with Reader(limits) as reader:
            source = reader.open(dataset)
            clip_ids = list(source.dataset.clip_ids())[:clips]
            for clip in readable(source, clip_ids, None, problems.append):
                name = _file_name(clip, taken)
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                picture.write(clip, path)
                rows.append(_row(name, clip))
                report(len(rows) + len(problems), len(clip_ids))
            notes = source.notes()
        if rows:
            with (folder / TABLE).open("w", encoding="utf-8", newline="") as stream:
                table = csv.DictWriter(stream, COLUMNS)
                table.writeheader()
                table.writerows(rows)
    except OSError as error:
        raise AwbError(f"cannot write to {folder}: {error.strerror or error}") from error
    return Written(len(rows), len({row["class"] for row in rows}), notes, tuple(problems))


def _file_name(clip: Clip, taken: set[str]) -> str:
    """Name an image after the class and the clip, in letters that every file system takes.

    A class folder in the clip's own name is not repeated; names that would be equal, also where
    letter case does not count, are numbered.
    """
    label = class_of(clip)
    stem = str(Path(clip.id).with_suffix("")).removeprefix(f"{label}/")
    base = f"{_safe(label)}/{_safe(stem)}"
    name, number = base, 1
    while name.casefold() in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name.casefold())
    return f"{name}.png"


def _safe(name: str) -> str:
    """Replace what a file system does not take.

    Examples
    --------
    >>> _safe("far/owl: hoot?"), _safe("..")
    ('far_owl_ hoot_', '_')
    """
    return _UNSAFE.sub("_", name).strip(" .") or "_"


def _row(name: str, clip: Clip) -> dict[str, object]:
    return {
        "file": name,
        "clip": clip.id,
        "class": class_of(clip),
        "group": clip.group,
        "duration_s": round(clip.duration_s, 6),
        "sample_rate_hz": clip.sample_rate_hz,
    }
