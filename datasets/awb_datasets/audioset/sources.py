"""Where AudioSet's tables come from: a local file, or the official address, fetched and checked.

The checksums of the ontology and the display names are those of the copies that awb is tested with;
another file behind these addresses is refused. Nobody published a checksum of the strong labels, so
none is made up: their header, and the number of rows and clips that the authors state, are checked
instead.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from awb.errors import DataError


@dataclass(frozen=True, slots=True)
class Source:
    """A published file.

    Attributes
    ----------
    option : str
        The dataset's setting that takes a local copy.
    what : str
        What it is, in words.
    url : str
        Official address.
    sha256 : str or None
        Its checksum, where it is known.
    """

    option: str
    what: str
    url: str
    sha256: str | None


_STRONG = "http://storage.googleapis.com/us_audioset/youtube_corpus/strong"

LABELS = Source("labels", "the strong labels", f"{_STRONG}/audioset_eval_strong.tsv", None)
NAMES = Source(
    "names",
    "the display names",
    f"{_STRONG}/mid_to_display_name.tsv",
    "6aeaa2144223933eab75566ca478366ad80e59f381611e308cbe536913d7ddf7",
)
ONTOLOGY = Source(
    "ontology",
    "the ontology",
    "https://raw.githubusercontent.com/audioset/ontology/master/ontology.json",
    "9c685f4403eecc3ca9be37fd7285cf212feaaea6ff7229d3e7ca89e0d1f2d15d",
)

EVAL_ROWS, EVAL_CLIPS = 139_538, 16_996
"""Size of the strongly labelled evaluation set, as published with it."""


def sha256_file(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def local(path: Path, source: Source) -> Path:
    """Return a local file that the user named."""
    expanded = path.expanduser()
    if not expanded.is_file():
        problem = "is a folder, expected a file" if expanded.is_dir() else "does not exist"
        raise DataError(f"{source.option} {path}: {problem} (wanted: {source.what} of AudioSet)")
    return expanded


def official(source: Source) -> Path:
    """Return the published file from awb's cache, downloading it once."""
    import platformdirs
    import pooch

    folder = Path(platformdirs.user_cache_dir("awb")) / "audioset"
    name = source.url.rsplit("/", maxsplit=1)[-1]
    known = None if source.sha256 is None else f"sha256:{source.sha256}"
    cached = folder / name
    if source.sha256 is None and cached.is_file():
        return cached  # pooch would only warn that there is nothing to compare it with
    try:
        return Path(pooch.retrieve(source.url, known_hash=known, fname=name, path=folder))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong hash ValueError
        reason = "its checksum is wrong" if isinstance(error, ValueError) else type(error).__name__
        raise DataError(
            f"{source.what} of AudioSet could not be fetched ({reason}). Download {source.url}"
            f" and give it as the setting {source.option}=FILE"
        ) from error
