"""MP3 files that do not declare their length.

An encoder may write a first frame without sound that contains the number of the other frames
(``Xing`` or ``Info``). Otherwise decoders estimate the length from the file's size and its first
bit rate. libsndfile stops at the estimated end even if frames remain, and reports too many samples
if the file has tags. So the frames are counted here, and such a first frame is inserted.

References
----------
ISO/IEC 11172-3 (1993). Coding of moving pictures and associated audio, part 3: Audio (the header of
a frame, which ISO/IEC 13818-3 extends to lower rates).
O'Neill, D. (2000). ID3 tag version 2.4.0, main structure. https://id3.org
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LAYER_3 = 1
_MPEG_1 = 3
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBITS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MONO = 3
_VBRI_AT = 36
_TAG_HEADER = 10
_FARTHEST = 1 << 16
"""Maximum number of bytes between two frames, such as cover images or tags between parts."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """The header of a frame: its 32 bits, what all frames must share, and the frame's length."""

    bits: int
    kind: tuple[int, int]
    size: int


def _frame(content: bytes, position: int) -> _Frame | None:
    """Parse the header of a layer III frame; None if there is none."""
    if len(content) < position + 4:
        return None
    (bits,) = struct.unpack_from(">I", content, position)
    version, layer, speed = bits >> 19 & 3, bits >> 17 & 3, bits >> 12 & 15
    rate = bits >> 10 & 3
    synchronous = bits >> 21 == 0x7FF and layer == _LAYER_3 and version in _RATES_HZ
    if not synchronous or rate == 3 or not 1 <= speed <= len(_KBITS_1):
        return None
    kbits, slots = (_KBITS_1, 144) if version == _MPEG_1 else (_KBITS_2, 72)
    size = slots * kbits[speed - 1] * 1000 // _RATES_HZ[version][rate] + (bits >> 9 & 1)
    return _Frame(bits, (version, rate), size)


def _count_at(frame: _Frame) -> int:
    """Return the offset of the count in a first frame: after its header and side information."""
    mono = frame.bits >> 6 & 3 == _MONO
    if frame.kind[0] == _MPEG_1:
        return 4 + (17 if mono else 32)
    return 4 + (9 if mono else 17)


def _after_tags(content: bytes) -> int:
    """Return the end of the ID3 tags at the start, including their padding zeros."""
    position = 0
    while content[position : position + 3] == b"ID3" and len(content) >= position + _TAG_HEADER:
        seven_bits = content[position + 6 : position + _TAG_HEADER]
        size = sum(part << shift for part, shift in zip(seven_bits, (21, 14, 7, 0), strict=True))
        position += _TAG_HEADER + size
    return position + len(content[position:]) - len(content[position:].lstrip(b"\0"))


def _frames(content: bytes, start: int) -> Iterator[tuple[int, _Frame]]:
    """Iterate over the frames of one stream, skipping other bytes between them."""
    first = _frame(content, start)
    position = start
    while first is not None and position < len(content):
        frame = _frame(content, position)
        if frame is not None and frame.kind == first.kind:
            yield position, frame
            position += frame.size
            continue
        following = _next_pair(content, position + 1, first.kind)
        if following is None:
            return
        position = following


def _next_pair(content: bytes, start: int, kind: tuple[int, int]) -> int | None:
    """Find two consecutive frames, as a single match could be a coincidence."""
    position = content.find(b"\xff", start, start + _FARTHEST)
    while position >= 0:
        frame = _frame(content, position)
        if frame is not None and frame.kind == kind:
            second = _frame(content, position + frame.size)
            if second is not None and second.kind == kind:
                return position
        position = content.find(b"\xff", position + 1, start + _FARTHEST)
    return None


def counted(path: Path) -> bytes | None:
    """Return an MP3 file with a frame count added, if it has none.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    bytes or None
        An MP3 file without tags that declares its length; None for files of other formats, and for
        MP3 files that already declare their length.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(3)
        if head != b"ID3" and head[:2] < b"\xff\xe0":
            return None
        content = head + file.read()
    start = _after_tags(content)
    first = _frame(content, start)
    if first is None or _frame(content, start + first.size) is None:
        return None
    marker_at = start + _count_at(first)
    marker = content[marker_at : marker_at + 6]  # two bytes later if frames have checksums
    if b"Xing" in marker or b"Info" in marker:
        return None
    if content[start + _VBRI_AT : start + _VBRI_AT + 4] == b"VBRI":  # libsndfile does not know it
        start += first.size
    parts = [content[at : at + frame.size] for at, frame in _frames(content, start)]
    return _first_frame(first, len(parts), sum(map(len, parts))) + b"".join(parts)


def _first_frame(model: _Frame, count: int, size: int) -> bytes:
    """Make a frame without sound that contains the count, at the highest bit rate for its space."""
    bits = model.bits & ~(0xF << 12) & ~(1 << 9) | len(_KBITS_1) << 12 | 1 << 16
    frame = _frame(struct.pack(">I", bits), 0)
    if frame is None:
        return b""
    marker = struct.pack(">4sIII", b"Xing", 3, count, size + frame.size)
    return (struct.pack(">I", bits).ljust(_count_at(frame), b"\0") + marker).ljust(
        frame.size, b"\0"
    )
