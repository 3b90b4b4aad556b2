"""The published recordings: a pinned release, downloaded once and verified speaker by speaker.

The archive is made by GitHub on demand, so that its own checksum may change while its content does
not. What is verified is the content: a SHA-256 for every speaker and digit over the 50 takes, in
``recordings.sha256``, computed from the copy that awb was made with. Recordings of other speakers
are not in that list and are not unpacked.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from awb.errors import DataError

RELEASE = "1.0.9"
URL = f"https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v{RELEASE}.tar.gz"
INSIDE = f"free-spoken-digit-dataset-{RELEASE}/recordings"
TAKES = 50

_DIGESTS = Path(__file__).with_name("recordings.sha256")

Downloader = Callable[[str, Any, Any], None]
"""``downloader(url, output_file, pooch)``, as pooch calls it."""


def read_digests(path: Path = _DIGESTS) -> dict[str, str]:
    """Read the list of checksums."""
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {stem: digest for digest, stem in rows}


def digest_of(folder: Path, stem: str) -> str:
    """Hash the takes 0 to 49 of a digit by a speaker, one after the other."""
    digest = hashlib.sha256()
    for take in range(TAKES):
        path = folder / f"{stem}_{take}.wav"
        if not path.is_file():
            return ""
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _unpack(archive: Path, folder: Path, digests: Mapping[str, str]) -> None:
    """Write the listed recordings of an archive into a folder, under names made here."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as packed:
        for stem in digests:
            for take in range(TAKES):
                name = f"{stem}_{take}.wav"
                member = packed.extractfile(f"{INSIDE}/{name}")
                if member is not None:
                    (folder / name).write_bytes(member.read())


def official(
    cache: Path | None = None,
    *,
    downloader: Downloader | None = None,
    digests: Mapping[str, str] | None = None,
) -> Path:
    """Return the folder of verified recordings in awb's cache, downloading them once."""
    import platformdirs
    import pooch

    base = cache or Path(platformdirs.user_cache_dir("awb")) / "kws"
    folder, marker = base / "recordings", base / "verified"
    known = read_digests() if digests is None else digests
    if marker.is_file():
        return folder
    advice = f"Download {URL}, unpack it, and type kws:recordings=DIR"
    try:
        pooch.get_logger().setLevel("ERROR")  # it would only advise to pin the archive's checksum
        archive = pooch.retrieve(
            URL, known_hash=None, fname="fsdd.tar.gz", path=base, downloader=downloader
        )
        _unpack(Path(archive), folder, known)
    except (OSError, ValueError, KeyError, tarfile.TarError) as error:
        reason = type(error).__name__
        raise DataError(f"the spoken digits could not be fetched ({reason}). {advice}") from error
    wrong = [stem for stem, digest in known.items() if digest_of(folder, stem) != digest]
    if wrong:
        Path(archive).unlink()
        raise DataError(
            f"the downloaded recordings {wrong[0]}_*.wav are not those that awb knows"
            f" ({len(wrong)} of {len(known)} checksums are wrong). {advice}"
        )
    marker.write_text(f"{URL}\n", encoding="ascii")
    return folder
