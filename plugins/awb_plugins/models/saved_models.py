"""TensorFlow SavedModels: a local folder, or one that TensorFlow Hub gives out."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from awb.errors import WeightsError


def find_saved_model(path: Path | None, handle: str, name: str, advice: str) -> Path:
    """Find a SavedModel's folder."""
    if path is None:
        path = _fetched(handle, name, advice)
    folder = path.expanduser()
    if not (folder / "saved_model.pb").is_file():
        problem = "contains no saved_model.pb" if folder.is_dir() else "is not a folder"
        raise WeightsError(f"{name}: {path} {problem}. {advice}")
    return folder


def _fetched(handle: str, name: str, advice: str) -> Path:
    import platformdirs
    import tensorflow as tf
    import tensorflow_hub as hub

    cache = Path(platformdirs.user_cache_dir("awb")) / name / "tfhub"
    os.environ.setdefault("TFHUB_CACHE_DIR", str(cache))
    try:
        return Path(hub.resolve(handle))
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
        raise WeightsError(
            f"{name}: {handle} could not be fetched ({type(error).__name__}). {advice}"
        ) from error


def folder_sha256(folder: Path) -> str:
    """Hash the graph and the variables of a SavedModel."""
    digest = hashlib.sha256()
    for path in (folder / "saved_model.pb", *sorted((folder / "variables").rglob("*"))):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
