"""The audio files of a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from awb.audio import SUFFIXES
from awb.errors import DataError

AUDIO = "audio"
LAYOUT = (
    f"expected {AUDIO}/*.{{{','.join(suffix[1:] for suffix in SUFFIXES)}}} and events.tsv, or"
    " recordings with a file of labels beside each"
)


def _files(audio: Path) -> Iterator[tuple[str, Path]]:
    for path in audio.rglob("*"):
        name = path.relative_to(audio)
        hidden = any(part.startswith(".") for part in name.parts)
        if path.suffix.lower() in SUFFIXES and not hidden and not path.is_dir():
            yield name.as_posix(), path


def audio_folder(folder: Path, named: Path = Path(AUDIO)) -> Path:
    """Return the folder of the audio: ``audio/`` in it, or the folder itself."""
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {problem}; type --dataset folder:PATH with a folder: {LAYOUT}")
    audio = folder / named.expanduser()
    if audio.is_dir():
        return audio
    if named == Path(AUDIO) and any(True for _ in _files(folder)):
        return folder
    raise DataError(f"{folder} has no folder {named.as_posix()}/; {LAYOUT}")


def list_audio(audio: Path) -> dict[str, Path]:
    """List the audio files of a folder by their names relative to it, sorted."""
    found = dict(sorted(_files(audio)))
    if not found:
        raise DataError(f"{audio} contains no audio file; {LAYOUT}")
    return found
