"""Class per folder: ``DIR/hc/*.wav`` and ``DIR/pd/*.wav``; the name of the folder is the class.

Conventions
-----------
A class folder lies directly in DIR; those whose names begin with a dot or an underscore (Speech
Commands' ``_background_noise_``) are left out. A folder inside a class folder is a group: the clips
of one speaker, patient or session.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from awb.audio import SUFFIXES, read_audio
from awb.errors import DataError, did_you_mean
from awb.types import Clip
from awb_datasets.folder.listing import AUDIO

PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"}
_NOHASH = re.compile(r"(.+)_nohash_\d+")
_MOST_NAMED = 4


def is_class_per_folder(folder: Path) -> bool:
    """Tell whether a folder without ``audio/`` has two folders of audio or more, and no labels."""
    if not folder.is_dir() or (folder / AUDIO).is_dir():
        return False
    found = _classes(folder)
    return len(found) > 1 and not any(map(_has_labels_beside, found.values()))


def _has_labels_beside(files: Sequence[Path]) -> bool:
    """Tell whether a recording has another file of its name beside it: labels, not a class."""
    own = {path.with_suffix("") for path in files}
    folders = {path.parent for path in files}
    return any(
        path.with_suffix("") in own and path.suffix.lower() not in SUFFIXES
        for folder in folders
        for path in folder.iterdir()
    )


def _classes(folder: Path) -> dict[str, list[Path]]:
    """List the audio files of each class folder."""
    found = {}
    for inside in sorted(path for path in folder.iterdir() if path.is_dir()):
        if inside.name[0] not in "._" and (files := _audio(inside)):
            found[inside.name] = files
    return found


def _audio(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.name[0] != "." and path.is_file()
    )


class ClassFolders:
    """Whole recordings whose class is the name of their folder."""

    def __init__(self, folder: Path) -> None:
        found = _classes(folder)
        if set(map(str.casefold, found)) <= PARTS:
            names = ", ".join(found)
            raise DataError(
                f"the folders of {folder} are parts of the data, not classes: {names}."
                f" Type folder:{folder / next(iter(found))}"
            )
        self.classes: Sequence[str] = tuple(found)
        self._files = {
            path.relative_to(folder).as_posix(): path for files in found.values() for path in files
        }
        self._beside = sum(path.suffix.lower() in SUFFIXES for path in folder.iterdir())

    def clip_ids(self) -> list[str]:
        """List the audio files by their names relative to the folder."""
        return list(self._files)

    def notes(self) -> tuple[str, ...]:
        """Say how the folder was read."""
        classes = named(self.classes)
        beside = f"; {self._beside} audio files beside the folders are left out"
        told = f"{len(self._files)} clips of {len(self.classes)} classes ({classes})"
        return (f"class per folder: {told}{beside if self._beside else ''}",)

    def load(self, clip_id: str) -> Clip:
        """Read one clip with its class and its group."""
        if clip_id not in self._files:
            raise DataError(f"there is no clip {clip_id!r}.{did_you_mean(clip_id, self._files)}")
        waveform, sample_rate_hz = read_audio(self._files[clip_id])
        label = clip_id.partition("/")[0]
        return Clip(clip_id, waveform, sample_rate_hz, labels=(label,), group=group_of(clip_id))


def group_of(clip_id: str) -> str:
    """Return the folder inside the class folder, or the speaker as Speech Commands names it.

    Examples
    --------
    >>> group_of("pd/patient 7/a.wav"), group_of("yes/0a7c2a8d_nohash_0.wav"), group_of("pd/a.wav")
    ('patient 7', '0a7c2a8d', '')
    """
    _, *inner, name = clip_id.split("/")
    match = _NOHASH.fullmatch(Path(name).stem)
    return "/".join(inner) or (match[1] if match else "")


def named(names: Sequence[str]) -> str:
    """Name the first few of many.

    Examples
    --------
    >>> named(["a", "b"]), named(list("abcdef"))
    ('a, b', 'a, b, c, d and 2 more')
    """
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
