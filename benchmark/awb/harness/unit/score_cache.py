"""The cache of scores across runs: its folder, and the keys of a model's scores."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path

import platformdirs

from awb.errors import RunError
from awb.harness.config.limits import OFF, read_size
from awb.harness.unit.code_hash import code_sha256, surroundings
from awb.perturbation.cache import DEFAULT_LIMIT, ScoreCache
from awb.perturbation.memory import ModelCache
from awb.plugins.resolve import Resolved
from awb.protocols import AudioModel


def default_folder() -> Path:
    """Return the folder in the user's cache, which ``XDG_CACHE_HOME`` may override."""
    return Path(platformdirs.user_cache_dir("awb")) / "scores"


def open_cache(folder: str | Path | None = None, limit_bytes: int = DEFAULT_LIMIT) -> ScoreCache:
    """Open the cache."""
    path = default_folder() if folder is None else Path(folder).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"cannot write the cache to {path}: {error.strerror or error}. Type --cache DIR for"
            " another folder, or --cache off"
        ) from error
    return ScoreCache(path.resolve(), limit_bytes)


def chosen_cache(folder: str | None) -> ScoreCache | None:
    """Open the cache in a folder, the user's own if None; ``off`` is no cache at all."""
    if folder == OFF:
        return None
    size = os.environ.get("AWB_CACHE_SIZE")
    return open_cache(folder, DEFAULT_LIMIT if size is None else read_size(size))


def model_cache_for(
    store: ScoreCache | None, resolved: Resolved, model: AudioModel, *, blind: bool = False
) -> ModelCache | None:
    """Return a model's part of the cache; None if its scores cannot be cached.

    Blinded units have one of their own: masks that follow from labels would give these away.
    """

    weights = str(getattr(model, "weights_sha256", ""))
    if store is None or not weights:
        return None
    code = _code((type(model).__module__, "awb.perturbation"))
    if not code:
        return None
    content = {
        "model": resolved.identity(),
        "weights": weights,
        "code": code,
        "device": [str(getattr(model, name, "")) for name in ("device", "precision", "batch_size")],
        **surroundings(resolved.spec.requires),
        **({"blind": True} if blind else {}),
    }
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return ModelCache(store, key, resolved.label)


@cache
def _code(modules: tuple[str, ...]) -> str:
    return code_sha256(modules)
