"""Which audio file a name means: paths, also of other machines, stems, AudioSet ids."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from awb.errors import LabelError, did_you_mean

_SEGMENT = re.compile(r"Y?([\w-]{11})(?:_(\d+(?:\.\d+)?))?(?:_(\d+(?:\.\d+)?))?")
_MS = 1000.0


class AbsentError(LabelError):
    """A name of no file, or of several.

    Attributes
    ----------
    several : bool
        Whether several files fit.
    """

    def __init__(self, message: str, *, several: bool = False) -> None:
        super().__init__(message)
        self.several = several


def segment_of(stem: str) -> tuple[str, float | None, float | None] | None:
    """Split a name that AudioSet's tools give to a clip.

    Parameters
    ----------
    stem : str
        A name without suffix, such as ``Yb0RFKhbpFJA_30.000_40.000`` or ``b0RFKhbpFJA_30000``.

    Returns
    -------
    tuple of (str, float or None, float or None), or None
        The video, and start and end as written; None if it is no such name.

    Examples
    --------
    >>> segment_of("Yb0RFKhbpFJA_30.000_40.000")
    ('b0RFKhbpFJA', 30.0, 40.0)
    """
    found = _SEGMENT.fullmatch(stem)
    if found is None:
        return None
    video, start, end = found.groups()
    return video, float(start) if start else None, float(end) if end else None


def declared_s(name: str) -> float | None:
    """Return how long a clip is by its own name, ``<id>_30.000_40.000.wav``.

    Parameters
    ----------
    name : str
        A file.

    Returns
    -------
    float or None
        Seconds; None if its name does not say.

    Examples
    --------
    >>> declared_s("b0RFKhbpFJA_30.000_40.000.wav"), declared_s("dog.wav")
    (10.0, None)
    """
    found = segment_of(PurePosixPath(name).stem)
    if found is None or found[1] is None or found[2] is None or found[2] <= found[1]:
        return None
    length = found[2] - found[1]
    return length / _MS if length >= _MS else length


def _fold(name: str) -> str:
    """Write a name in the one way that file systems and editors may differ from."""
    return unicodedata.normalize("NFC", name)


def _same_start(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return True
    return one == other or one == _MS * other or other == _MS * one


class Names:
    """Find audio files by the names that tables give them.

    Parameters
    ----------
    names : iterable of str
        The audio files, relative to their folder.
    prefixes : sequence of str
        Folders that a table may name before them.
    """

    def __init__(self, names: Iterable[str], prefixes: Iterable[str] = ("audio",)) -> None:
        self.names = list(names)
        self._prefixes = [f"{one.strip('/')}/" for one in prefixes]
        self._known: dict[str, str] = {}
        self._starts: dict[str, float | None] = {}
        self._hinted = False
        self._whole = {_fold(name): name for name in self.names}
        self._ways = [_index(self.names, way) for way in _WAYS]
        self._segments: dict[str, list[tuple[float | None, str]]] = {}
        for name in self.names:
            segment = segment_of(PurePosixPath(name).stem)
            if segment is not None:
                self._segments.setdefault(segment[0], []).append((segment[1], name))

    def find(self, given: str) -> tuple[str, bool]:
        """Return the file that a table means, and whether it is named as it is called.

        Parameters
        ----------
        given : str
            The name in a table.

        Returns
        -------
        name : str
            One of the files.
        as_called : bool
            False if only its stem, its letters or its id are the same.

        Raises
        ------
        AbsentError
            If no file fits, or several do.
        """
        plain = _fold(given).replace("\\", "/")
        parts = [part for part in plain.split("/") if part not in ("", ".")]
        if not parts:
            raise AbsentError("the filename is empty" if not given else f"{given!r} is no file")
        whole = "/".join(parts)
        for candidate in (whole, *(whole.removeprefix(one) for one in self._prefixes)):
            if candidate in self._whole:
                return self._whole[candidate], True
        if given not in self._known:
            self._known[given] = self._search(given, whole)
        return self._known[given], False

    def _search(self, given: str, whole: str) -> str:
        for way, index in zip(_WAYS, self._ways, strict=True):
            found = index.get(way(whole), [])
            if len(found) == 1:
                return found[0]
            if found:
                raise AbsentError(
                    f"{given!r} fits {len(found)} files: {', '.join(found[:3])}", several=True
                )
        return self._by_segment(given, PurePosixPath(whole))

    def _by_segment(self, given: str, path: PurePosixPath) -> str:
        """Find a clip of AudioSet, which is called after its video, with or without its start."""
        segment = segment_of(path.name) or segment_of(path.stem)
        fitting = []
        if segment is not None:
            clips = self._segments.get(segment[0], ())
            fitting = [name for start, name in clips if _same_start(start, segment[1])]
        if segment is None or not fitting:
            raise AbsentError(f"there is no audio file {given!r}.{self._hint(given)}")
        start = self._starts.setdefault(fitting[0], segment[1])
        if len(fitting) > 1 or not _same_start(start, segment[1]):
            raise AbsentError(
                f"{given!r}: {fitting[0]} does not say which segment of the video it is",
                several=True,
            )
        return fitting[0]

    def _hint(self, name: str) -> str:
        """Suggest a close name, once: only the first fault of a table is shown, and it is slow."""
        if self._hinted:
            return ""
        self._hinted = True
        hint = did_you_mean(name, self.names)
        return hint if "mean" in hint else ""


def _base(name: str) -> str:
    return PurePosixPath(name).name


def _stem(name: str) -> str:
    """Take off a suffix; what follows the point of ``clip_30.000`` is none."""
    suffix = PurePosixPath(name).suffix
    return name if suffix[1:].isdecimal() else name.removesuffix(suffix)


_WAYS: tuple[Callable[[str], str], ...] = (
    lambda name: _fold(name).casefold(),
    lambda name: _stem(_fold(name)).casefold(),
    lambda name: _base(_fold(name)).casefold(),
    lambda name: _stem(_base(_fold(name))).casefold(),
)
"""What of a name must be the same, the strictest first."""


def _index(names: Iterable[str], way: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(way(name), []).append(name)
    return found
