"""Scores kept on disk, so that another run need not compute them again.

Conventions
-----------
An entry holds the scores of one (model, target, clip, replacement audio, cells): drop masks in
bits, and a float64 each, 21 bytes a mask of 100 cells. Its name is a hash of all that the scores
depend on, so an outdated entry is never found. Entries are written beside and renamed, so that
several processes may use one folder; one whose digest is wrong is dropped. What was used longest
ago goes first when the folder is full.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from awb.intervals import IntArray
from awb.types import AudioArray

DEFAULT_LIMIT = 2 * 10**9
"""Bytes that the folder may hold."""

_SUFFIX = ".scores"
_MAGIC = b"awb scores 1\n"
_HEAD = struct.Struct("<HI")  # bytes of the label, bytes of a mask
_DIGEST_BYTES = 16
_WRITES_TO_A_PRUNE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of scores.

    Attributes
    ----------
    path : Path
        The file.
    label : str
        The model, as it was called; empty if the file is corrupt.
    scores : int
        Number of masks.
    n_bytes : int
        Size.
    used_s : float
        When it was last read or written, in seconds since the epoch.
    """

    path: Path
    label: str
    scores: int
    n_bytes: int
    used_s: float


def entry_key(
    model_key: str, class_index: int, waveform: AudioArray, fill: AudioArray, edges: IntArray
) -> str:
    """Hash all that the scores of masked clips depend on, apart from the masks."""
    digest = hashlib.sha256(f"{model_key} {class_index} {waveform.size} {edges.size}\n".encode())
    for array, kind in ((waveform, "<f4"), (fill, "<f4"), (edges, "<i8")):
        digest.update(np.ascontiguousarray(array, dtype=kind).tobytes())
    return digest.hexdigest()


class ScoreCache:
    """A folder of scores.

    It saves time and nothing else: what cannot be read or written is computed as without it.
    """

    def __init__(self, folder: Path, limit_bytes: int = DEFAULT_LIMIT) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self._writes = 0

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}{_SUFFIX}"

    def load(self, key: str) -> dict[bytes, float]:
        """Read an entry, and remember that it was used."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return {}
        found = _unpack(key, content)
        with suppress(OSError):
            if found is None:
                path.unlink()
            else:
                os.utime(path)
        return found or {}

    def save(self, key: str, label: str, known: Mapping[bytes, float]) -> None:
        """Write an entry, together with what another process has written there meanwhile."""
        path = self._path(key)
        content = _pack(key, label, {**self.load(key), **known})
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(suffix=".partial", dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(content)
                Path(partial).replace(path)
            except OSError:
                Path(partial).unlink(missing_ok=True)
                raise
        if self._writes % _WRITES_TO_A_PRUNE == 0:
            self.prune()
        self._writes += 1

    def entries(self) -> Iterator[Entry]:
        """List the entries, in no order."""
        for path in self.folder.glob(f"??/*{_SUFFIX}"):
            with suppress(OSError):
                status = path.stat()
                with path.open("rb") as stream:
                    label, scores = _describe(stream.read(1000), status.st_size)
                yield Entry(path, label, scores, status.st_size, status.st_mtime)

    def prune(self, limit_bytes: int | None = None) -> int:
        """Remove what was used longest ago, until the rest fits."""
        limit = self.limit_bytes if limit_bytes is None else limit_bytes
        found = []
        for path in self.folder.glob("??/*"):
            with suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        removed = 0
        for _, size, path in sorted(found):
            if total <= limit:
                break
            with suppress(OSError):
                path.unlink()
                total -= size
                removed += 1
        return removed


def _pack(key: str, label: str, known: Mapping[bytes, float]) -> bytes:
    name = label.encode()[:900]
    width = len(next(iter(known), b""))
    scores = np.array(list(known.values()), dtype="<f8")
    body = _HEAD.pack(len(name), width) + name + b"".join(known) + scores.tobytes()
    return _MAGIC + _digest(key, body) + body


def _unpack(key: str, content: bytes) -> dict[bytes, float] | None:
    """Read scores; None if anything is wrong with the file."""
    start = len(_MAGIC) + _DIGEST_BYTES
    body = content[start:]
    if not content.startswith(_MAGIC) or content[len(_MAGIC) : start] != _digest(key, body):
        return None
    n_name, width = _HEAD.unpack_from(body)
    masks = body[_HEAD.size + n_name :]
    n_scores = len(masks) // (width + 8)
    scores = np.frombuffer(masks, dtype="<f8", offset=n_scores * width).tolist()
    keys = (masks[row * width : (row + 1) * width] for row in range(n_scores))
    return dict(zip(keys, scores, strict=True))


def _describe(head: bytes, n_bytes: int) -> tuple[str, int]:
    """Return label and number of scores from the start of a file; nothing if it is no entry."""
    start = len(_MAGIC) + _DIGEST_BYTES
    if not head.startswith(_MAGIC) or len(head) < start + _HEAD.size:
        return "", 0
    n_name, width = _HEAD.unpack_from(head, start)
    begins = start + _HEAD.size + n_name
    label = head[start + _HEAD.size : begins].decode(errors="replace")
    return label, (n_bytes - begins) // (width + 8)


def _digest(key: str, body: bytes) -> bytes:
    """Hash what an entry holds and for which key, so that no file is taken for another."""
    return hashlib.blake2b(body, digest_size=_DIGEST_BYTES, key=key.encode()[:64]).digest()
