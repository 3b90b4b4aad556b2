"""The audio files of a folder, and which of them a name in the table means."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from awb.audio import SUFFIXES
from awb.errors import DataError, LabelError, did_you_mean

AUDIO = "audio"
LAYOUT = f"expected {AUDIO}/*.{{{','.join(suffix[1:] for suffix in SUFFIXES)}}} and events.tsv"


def _files(audio: Path) -> Iterator[tuple[str, Path]]:
    for path in audio.rglob("*"):
        name = path.relative_to(audio)
        hidden = any(part.startswith(".") for part in name.parts)
        if path.suffix.lower() in SUFFIXES and not hidden and not path.is_dir():
            yield name.as_posix(), path


class AbsentError(LabelError):
    """A table names a file that is not there.

    Attributes
    ----------
    given : str
        The name that it gives.
    """

    def __init__(self, given: str, message: str) -> None:
        super().__init__(message)
        self.given = given


def list_audio(folder: Path, audio_folder: Path = Path(AUDIO)) -> dict[str, Path]:
    """List the audio files of a dataset folder."""
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {problem}; type --dataset folder:PATH with a folder: {LAYOUT}")
    audio = folder / audio_folder.expanduser()
    if not audio.is_dir():
        raise DataError(f"{folder} has no folder {audio_folder.as_posix()}/; {LAYOUT}")
    found = dict(sorted(_files(audio)))
    if not found:
        raise DataError(f"{audio} contains no audio file; {LAYOUT}")
    return found


def _fold(name: str) -> str:
    """Write a name in the one way that file systems and editors may differ from."""
    return unicodedata.normalize("NFC", name)


class Names:
    """Find audio files by the names that a table gives them."""

    def __init__(self, names: Mapping[str, Path]) -> None:
        self._by_folded = {_fold(name): name for name in names}
        self._hinted = False

    def find(self, given: str) -> str:
        """Return the file that a table means."""
        if not given:
            raise LabelError("the filename is empty")
        parts = [part for part in _fold(given).replace("\\", "/").split("/") if part != "."]
        if not parts or ".." in parts or parts[0] == "" or parts[0].endswith(":"):
            raise LabelError(f"filename {given!r} leads out of {AUDIO}/")
        whole = "/".join(parts)
        for candidate in (whole, whole.removeprefix(f"{AUDIO}/")):
            if candidate in self._by_folded:
                return self._by_folded[candidate]
        raise AbsentError(given, f"there is no file {given!r} in {AUDIO}/.{self._hint(whole)}")

    def _hint(self, name: str) -> str:
        """Suggest a close name, once: only the first fault of a table is shown, and it is slow."""
        if self._hinted:
            return ""
        self._hinted = True
        hint = did_you_mean(name, self._by_folded)
        return hint if "mean" in hint else ""
