"""Detection of truncated audio files.

libsndfile silently reads a truncated RIFF or Ogg file as a shorter one. (It does report a truncated
FLAC or MP3 file when reading it.) So the sizes in the container are checked here.

References
----------
Microsoft & IBM (1991). Multimedia Programming Interface and Data Specifications 1.0 (RIFF).
Apple (1989). Audio Interchange File Format, version 1.3 (the same chunks, big-endian).
Pfeiffer, S. (2003). The Ogg Encapsulation Format Version 0. RFC 3533. doi:10.17487/RFC3533
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_UNKNOWN_SIZES = (0, 0xFFFFFFFF)  # written by programs that stream to a pipe
_LONGEST_OGG_PAGE = 27 + 255 + 255 * 255


def missing_bytes(path: Path) -> int:
    """Count the bytes that a RIFF wave, AIFF or Ogg file declares beyond its end.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    int
        0 if the file is complete or declares no size, and for every other format.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] in (b"RIFF", b"RIFX") and head[8:] == b"WAVE":
            return _riff_missing(file, "<I" if head[:4] == b"RIFF" else ">I", b"data")
        if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
            return _riff_missing(file, ">I", b"SSND")
        if head[:4] == b"OggS":
            return _ogg_missing(file)
    return 0


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _riff_missing(file: BinaryIO, size_format: str, samples: bytes) -> int:
    """Compare the declared size of the chunk of samples with the bytes after its header."""
    total = _size(file)
    position = 12
    while position + 8 <= total:
        file.seek(position)
        name, raw_size = file.read(4), file.read(4)
        (size,) = struct.unpack(size_format, raw_size)
        if name == samples:
            return 0 if size in _UNKNOWN_SIZES else max(0, position + 8 + size - total)
        position += 8 + size + size % 2
    return max(0, position - total)


def _ogg_missing(file: BinaryIO) -> int:
    """Compare the declared size of the last page with the bytes after its header."""
    total = _size(file)
    file.seek(max(0, total - _LONGEST_OGG_PAGE))
    tail = file.read()
    start = tail.rfind(b"OggS")
    if start < 0:
        return 0  # no page header to check; libsndfile reports such a file
    page = tail[start:]
    header = 27 + page[26] if len(page) > 26 else 27
    declared = header + sum(page[27:header])
    return max(0, declared - len(page))
