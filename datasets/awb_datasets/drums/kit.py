"""A folder of real one-shots in place of the synthesizer.

Conventions
-----------
``kick/``, ``snare/``, ``toms/`` and ``overheads/`` hold audio files of one hit each; folders within
them are searched too. The files of each instrument are divided among train, validation and test, so
that no hit is in two parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from awb.audio import SUFFIXES, read_audio, resample
from awb.errors import AudioError, DataError
from awb.intervals import FloatArray
from awb.randomness import RandomKey
from awb_datasets.drums.hits import CYMBAL, KICK, SNARE, TOM
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ

FOLDERS: Mapping[str, str] = {KICK: "kick", SNARE: "snare", TOM: "toms", CYMBAL: "overheads"}
PARTS = ("train", "validation", "test")
LONGEST_S = 1.2
_SILENT_DB = -60.0
_ONSET_SHARE = 0.05
_LAYOUT = f"expected {', '.join(f'{folder}/' for folder in FOLDERS.values())} with one hit a file"


@dataclass(frozen=True, slots=True)
class Kit:
    """The files of a kit.

    Attributes
    ----------
    folder : Path
        Where they are.
    files : mapping of str to tuple of Path
        Files by instrument, sorted; at least one for each of the three parts.
    """

    folder: Path
    files: Mapping[str, tuple[Path, ...]]

    def part(self, instrument: str, split: str) -> tuple[Path, ...]:
        """List the files of an instrument that belong to one part."""
        files = self.files[instrument]
        names = [path.relative_to(self.folder).as_posix() for path in files]
        order = RandomKey(("drums", "kit", *names)).generator("split").permutation(len(files))
        fifth = max(1, len(files) // 5)
        bounds = {"validation": (0, fifth), "test": (fifth, 2 * fifth), "train": (2 * fifth, None)}
        start, stop = bounds[split]
        return tuple(files[index] for index in sorted(order[start:stop]))


def read_kit(folder: Path) -> Kit:
    """List a folder's files and read each once, so that a broken one is told before a run."""
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"kit {folder} {problem}; {_LAYOUT}")
    files: dict[str, tuple[Path, ...]] = {}
    for instrument, name in FOLDERS.items():
        inside = folder / name
        if not inside.is_dir():
            raise DataError(f"kit {folder} has no folder {name}/; {_LAYOUT}")
        found = tuple(sorted(path for path in inside.rglob("*") if path.suffix.lower() in SUFFIXES))
        if len(found) < len(PARTS):
            raise DataError(
                f"kit {folder}: {name}/ holds {len(found)} audio files, but train, validation and"
                " test need one each at least"
            )
        for path in found:
            read_hit(path)
        files[instrument] = found
    return Kit(folder, files)


def read_hit(path: Path) -> FloatArray:
    """Read one hit, from its onset on."""
    try:
        waveform, rate_hz = read_audio(path)
    except AudioError as error:
        raise DataError(f"a hit of the kit cannot be used: {error}") from error
    hit = resample(waveform, rate_hz, SAMPLE_RATE_HZ).astype(np.float64)
    peak = float(np.abs(hit).max())
    if peak < 10 ** (_SILENT_DB / 20):
        raise DataError(f"a hit of the kit cannot be used: {path} is silent")
    onset = int(np.argmax(np.abs(hit) >= _ONSET_SHARE * peak))
    return np.asarray(hit[onset : onset + round(LONGEST_S * SAMPLE_RATE_HZ)] / peak)
