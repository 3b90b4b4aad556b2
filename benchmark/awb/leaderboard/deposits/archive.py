"""One file for an archive with a DOI: the same submissions give the same bytes.

Names are sorted, times are those of the ZIP format's first day, and permissions are fixed, so that
a second person who makes the archive can compare its hash.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from awb.errors import ParameterError, SubmissionError
from awb.leaderboard.deposits.about import About
from awb.leaderboard.deposits.papers import citation, license_text, zenodo
from awb.leaderboard.submissions.files import Submitted

SUMS = "SHA256SUMS"
CHECK = """\
sha256sum --check SHA256SUMS
pip install audio-where-benchmark
awb verify ."""
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_PERMISSIONS = 0o100644 << 16
_UNIX = 3


def checked_archive(path: Path) -> Path:
    """Check where an archive is to go."""
    if path.suffix != ".zip":
        raise ParameterError(f"--archive {path} is not the name of a .zip file")
    if not path.parent.is_dir():
        raise ParameterError(f"--archive {path}: there is no folder {path.parent}")
    return path


def write_archive(
    path: Path,
    submitted: Sequence[Submitted],
    files: Mapping[str, Path | bytes],
    *,
    license_id: str,
) -> dict[str, int]:
    """Write the files, their papers and their hashes as one archive; return the sizes by name."""
    about = About.of(submitted, license_id)
    papers = {
        "CITATION.cff": citation(about),
        "LICENSE": license_text(license_id),
        ".zenodo.json": zenodo(about),
    }
    every = {**files, **{name: text.encode() for name, text in papers.items()}}
    content = {name: _content(one) for name, one in sorted(every.items())}
    sums = (f"{hashlib.sha256(one).hexdigest()}  {name}\n" for name, one in content.items())
    content = dict(sorted({**content, SUMS: "".join(sums).encode()}.items()))
    partial = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w") as archive:
            for name, one in content.items():
                archive.writestr(_entry(name), one, zipfile.ZIP_DEFLATED, 9)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SubmissionError(f"cannot write {path}: {error.strerror}") from error
    return {name: len(one) for name, one in content.items()}


def _content(one: Path | bytes) -> bytes:
    return one if isinstance(one, bytes) else one.read_bytes()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_DAY)
    entry.external_attr, entry.create_system = _PERMISSIONS, _UNIX
    return entry
