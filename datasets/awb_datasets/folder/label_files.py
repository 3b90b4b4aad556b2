"""Which files hold the labels: those that were named, one beside each clip, or the one there is.

A file beside a clip begins with the clip's name: ``clip.txt``, ``clip.wav.txt``,
``clip.Table.1.selections.txt``, ``clip.BirdNET.results.csv``, ``clip.TextGrid``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from awb.data.annotations.formats import SUFFIXES
from awb.data.annotations.reading import find_format, open_source, read_labels
from awb.data.annotations.rows import Choices
from awb.errors import DataError, LabelError
from awb_datasets.folder.listing import LAYOUT, list_audio

EVENTS = "events.tsv"
_PATTERN = frozenset("*?[")


def find_label_files(
    folder: Path, audio: Path, clips: Mapping[str, Path], tables: Sequence[str], choices: Choices
) -> list[tuple[Path, str]]:
    """Find the files of labels, each with the clip that it is about, or an empty text.

    `tables` are files, folders or patterns relative to the folder; none for what is there.
    """
    if not tables:
        return _what_is_there(folder, audio, clips, choices)
    found: list[tuple[Path, str]] = []
    for name in tables:
        path = folder / Path(name).expanduser()
        if _PATTERN & set(name):
            found += _beside(sorted(folder.rglob(name)), folder, audio, clips)
        elif path.is_dir():
            inside = _label_files(path.rglob("*"))
            found += _beside(inside, path, audio, clips) or _beside(inside, folder, audio, clips)
        elif path.is_file():
            found.append((path, _own_clip(path, folder, audio, clips)))
        else:
            raise DataError(f"{path} does not exist; {LAYOUT}")
    if not found:
        raise DataError(f"{folder}: no file of labels fits table={'+'.join(tables)}")
    return found


def has_label_files(folder: Path, choices: Choices) -> bool:
    """Tell whether a folder has events.tsv, labels beside its clips, or a table that names them."""
    if (folder / EVENTS).exists():
        return True
    beside = _beside(_label_files(folder.rglob("*")), folder, folder, list_audio(folder))
    return any(clip for _, clip in beside) or any(
        _is_known(path, choices) and _names_clips(path, choices)
        for path in _label_files(folder.iterdir())
    )


def _names_clips(path: Path, choices: Choices) -> bool:
    try:
        return any(row.filename for row in read_labels(path, choices).rows)
    except LabelError:
        return False


def _what_is_there(
    folder: Path, audio: Path, clips: Mapping[str, Path], choices: Choices
) -> list[tuple[Path, str]]:
    """Take events.tsv, else the files beside the clips, else the only table."""
    if (folder / EVENTS).exists():
        return [(folder / EVENTS, "")]
    inside = _label_files(folder.rglob("*"))
    beside = [one for one in _beside(inside, folder, audio, clips) if one[1]]
    if beside:
        _check_one_each(beside)
        return beside
    tables = [path for path in _label_files(folder.iterdir()) if _is_known(path, choices)]
    if len(tables) == 1:
        return [(tables[0], _own_clip(tables[0], folder, audio, clips))]
    if tables:
        names = ", ".join(path.name for path in tables)
        raise LabelError(f"{folder} has several files of labels: {names}. Choose: table=NAME")
    raise DataError(f"{folder / EVENTS} does not exist; {LAYOUT}")


def _label_files(paths: Iterable[Path]) -> list[Path]:
    return sorted(
        path
        for path in paths
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _is_known(path: Path, choices: Choices) -> bool:
    """Tell whether a file is of a known format; a licence and a read-me are not."""
    source, _ = open_source(path, choices)
    try:
        return bool(source.lines) and find_format(source) is not None
    except LabelError:
        return False


def _beside(
    paths: Iterable[Path], root: Path, audio: Path, clips: Mapping[str, Path]
) -> list[tuple[Path, str]]:
    """Pair files of labels with the clips that they are named after, in the same sub-folder."""
    by_folder: dict[PurePosixPath, list[str]] = {}
    for name in clips:
        by_folder.setdefault(PurePosixPath(name).parent, []).append(name)
    found = []
    for path in paths:
        owners = (
            _owner(path.name, by_folder.get(parent, ())) for parent in _parents(path, root, audio)
        )
        clip = next((one for one in owners if one), "")
        if clip:
            found.append((path, clip))
    return found


def _parents(path: Path, root: Path, audio: Path) -> Iterator[PurePosixPath]:
    """Yield where the clip of a file of labels may lie, relative to the audio's folder."""
    if path.is_relative_to(audio):
        yield PurePosixPath(path.relative_to(audio).parent.as_posix())
    inside = path.relative_to(root).parent
    yield PurePosixPath(inside.as_posix())
    yield PurePosixPath(*inside.parts[1:])  # labels/far/clip.txt


def _owner(name: str, clips: Iterable[str]) -> str:
    """Return the clip after which a file is named: the one with the longest name that fits."""
    folded = name.casefold()
    fitting = []
    for clip in clips:
        for stem in (PurePosixPath(clip).name, PurePosixPath(clip).stem):
            rest = folded.removeprefix(stem.casefold())
            if rest != folded and rest[:1] in (".", "_", "-", " "):
                fitting.append((len(stem), clip))
    return max(fitting)[1] if fitting else ""


def _own_clip(path: Path, folder: Path, audio: Path, clips: Mapping[str, Path]) -> str:
    """Return the clip that a single file of labels is about, if it is named after one."""
    [*found] = _beside([path], folder, audio, clips)
    if found:
        return found[0][1]
    return next(iter(clips)) if len(clips) == 1 else ""


def _check_one_each(found: Iterable[tuple[Path, str]]) -> None:
    """Refuse a clip with two files of labels: which one is meant?"""
    owners: dict[str, Path] = {}
    for path, clip in found:
        if clip in owners:
            suffix = "".join(path.suffixes[-1:])
            raise LabelError(
                f"{clip} has two files of labels, {owners[clip].name} and {path.name}. Choose, such"
                f" as table=*{suffix}"
            )
        owners[clip] = path
