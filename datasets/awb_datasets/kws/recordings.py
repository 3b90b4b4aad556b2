"""The folder of recordings: ``{digit}_{speaker}_{take}.wav``."""

from __future__ import annotations

import re
from pathlib import Path

from awb.audio import read_audio
from awb.errors import AudioError, DataError, LabelError, did_you_mean
from awb.intervals import FloatArray
from awb_datasets.kws.words import SPEAKERS, Split
from awb_datasets.mixing.sounds import trim

SAMPLE_RATE_HZ = 8000
LAYOUT = "expected recordings named {digit}_{speaker}_{take}.wav, such as 7_jackson_32.wav"

_NAME = re.compile(r"([0-9])_([a-z]+)_([0-9]+)\.wav")


class Recordings:
    """The recordings of a folder by speaker and digit."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._takes: dict[tuple[str, int], list[tuple[int, Path]]] = {}
        self._heard: dict[Path, FloatArray] = {}
        for path in self._files():
            digit, speaker, take = self._parse(path)
            self._takes.setdefault((speaker, digit), []).append((take, path))
        for takes in self._takes.values():
            takes.sort()

    def _files(self) -> list[Path]:
        folder = self._folder
        if not folder.is_dir():
            problem = "is a file" if folder.exists() else "does not exist"
            raise DataError(f"recordings {folder} {problem}; {LAYOUT}")
        files = sorted(path for path in folder.glob("*.wav") if not path.name.startswith("."))
        if not files:
            inner = folder / "recordings"
            hint = f" (did you mean {inner}?)" if inner.is_dir() else ""
            raise DataError(f"recordings {folder} contains no *.wav{hint}; {LAYOUT}")
        return files

    def _parse(self, path: Path) -> tuple[int, str, int]:
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise LabelError(f"{path}: cannot read the name; {LAYOUT}")
        digit, speaker, take = match.groups()
        if speaker not in SPEAKERS:
            raise LabelError(
                f"{path}: unknown speaker {speaker!r}.{did_you_mean(speaker, SPEAKERS)}"
            )
        return int(digit), speaker, int(take)

    def speakers(self, split: Split) -> tuple[str, ...]:
        """List the speakers of a part of the data."""
        wanted = sorted(name for name, part in SPEAKERS.items() if part == split)
        found = tuple(name for name in wanted if any(one == name for one, _ in self._takes))
        if not found:
            raise DataError(f"{self._folder} has no speaker of split {split}: {', '.join(wanted)}")
        for name in found:
            missing = [str(digit) for digit in range(10) if (name, digit) not in self._takes]
            if missing:
                raise DataError(
                    f"{self._folder} has no recording of {', '.join(missing)} by {name};"
                    " is the copy complete?"
                )
        return found

    def count(self, speaker: str, digit: int) -> int:
        """Return the number of takes of a digit by a speaker."""
        return len(self._takes[speaker, digit])

    def sound(self, speaker: str, digit: int, index: int) -> FloatArray:
        """Read one take and trim it."""
        path = self._takes[speaker, digit][index][1]
        if path not in self._heard:
            waveform, rate_hz = read_audio(path)
            if rate_hz != SAMPLE_RATE_HZ:
                raise AudioError(f"{path}: expected {SAMPLE_RATE_HZ} Hz, got {rate_hz} Hz")
            try:
                self._heard[path] = trim(waveform, rate_hz)
            except AudioError as error:
                raise AudioError(f"{path}: {error}") from error
        return self._heard[path]
