"""Pickling by value of plugins from a notebook or a script, which workers cannot import."""

from __future__ import annotations

import pickle
from functools import lru_cache

import cloudpickle

from awb.errors import PluginError
from awb.specs import AnySpec


@lru_cache(maxsize=64)
def packed(spec: AnySpec) -> bytes:
    """Pickle a plugin with its code."""
    try:
        content: bytes = cloudpickle.dumps(spec)
    except (TypeError, ValueError, AttributeError, pickle.PicklingError) as error:
        raise PluginError(
            f"{spec.name} cannot be sent to a worker process ({error}); create what it needs inside"
            " the function, or use jobs=1"
        ) from error
    return content


@lru_cache(maxsize=64)
def unpacked(content: bytes) -> AnySpec:
    """Unpickle a plugin that the main process of the same run has sent."""
    spec: AnySpec = cloudpickle.loads(content)
    return spec
