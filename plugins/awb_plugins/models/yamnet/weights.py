"""Where YAMNet's weights come from: a path, the cache, or a checked download."""

from __future__ import annotations

import hashlib
from pathlib import Path

from awb.errors import WeightsError

URL = (
    "https://storage.googleapis.com/mediapipe-assets/"
    "yamnet_audio_classifier_with_metadata.tflite?generation=1661875980774466"
)
"""One generation of one object, so the bytes behind this address cannot change."""

URL_SHA256 = "10c95ea3eb9a7bb4cb8bddf6feb023250381008177ac162ce169694d05c317de"

KNOWN_SHA256 = frozenset(
    {
        URL_SHA256,
        "687f226c147a2caab4706fbbab5e9cecb14b9a368264bf61108078b1fddf68f5",
    }
)
"""Conversions of YAMNet that the cache may hold; the card says what is known of each."""


def sha256(content: bytes) -> str:
    """Return the hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def cached_file() -> Path:
    """Return where the weights are kept: ``yamnet/yamnet.tflite`` in awb's user cache folder."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("awb")) / "yamnet" / "yamnet.tflite"


def read_weights(path: Path | None = None) -> bytes:
    """Read the model file.

    Parameters
    ----------
    path : Path or None
        A local .tflite file, whose checksum is not enforced: it may be a conversion of your own.
        None: the cached file, else the download.

    Returns
    -------
    bytes
        The file's content.

    Raises
    ------
    WeightsError
        If the file is missing or unreadable, cannot be downloaded, or has the wrong checksum.
    """
    if path is not None:
        return _read_local(path.expanduser())
    cached = cached_file()
    if cached.is_file():
        content = cached.read_bytes()
        if sha256(content) in KNOWN_SHA256:
            return content
    return download(URL, URL_SHA256, cached)


def _read_local(path: Path) -> bytes:
    if path.is_file():
        try:
            return path.read_bytes()
        except OSError as error:
            raise WeightsError(f"yamnet: {path} cannot be read: {error.strerror}") from error
    problem = "is a folder, expected a .tflite file" if path.is_dir() else "does not exist"
    raise WeightsError(
        f"yamnet: {path} {problem}. Type --model yamnet:path=FILE with YAMNet's .tflite file,"
        " or --model yamnet to download it"
    )


def download(url: str, expected_sha256: str, target: Path) -> bytes:
    """Download the weights into the cache.

    Parameters
    ----------
    url : str
        Address of the file.
    expected_sha256 : str
        Its checksum.
    target : Path
        Where to keep it.

    Returns
    -------
    bytes
        The file's content.

    Raises
    ------
    WeightsError
        If it cannot be downloaded, or is another file than expected.
    """
    import pooch

    try:
        pooch.retrieve(
            url, known_hash=f"sha256:{expected_sha256}", fname=target.name, path=target.parent
        )
        return target.read_bytes()
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong hash ValueError
        reason = "the checksum is wrong" if isinstance(error, ValueError) else type(error).__name__
        raise WeightsError(
            f"yamnet: the weights are not in the cache and could not be downloaded ({reason})."
            f" Fetch {url} where there is a network, and type --model yamnet:path=FILE"
        ) from error
