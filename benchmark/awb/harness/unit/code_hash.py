"""Hashes of the code that computes a model's scores, and the versions of its libraries."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import platform
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("numpy", "scipy", "torch", "tensorflow", "onnxruntime")


def code_sha256(modules: Iterable[str]) -> str:
    """Hash the source of modules and of what they import from their own packages and from awb.

    Unlike a version number, this detects edits of an editable installation. Imports inside
    functions are followed, too.

    Examples
    --------
    >>> len(code_sha256(["awb.maskers"])), code_sha256(["no_such_module"])
    (64, '')
    """
    names = list(modules)
    roots = {"awb", *(name.partition(".")[0] for name in names)}
    sources: dict[str, bytes] = {}
    while names:
        name = names.pop()
        if name in sources:
            continue
        path = _source(name)
        if path is None:
            return ""
        sources[name] = path.read_bytes()
        names += [
            one
            for one in _imported(sources[name])
            if one.partition(".")[0] in roots and _source(one)
        ]
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name} {len(sources[name])}\n".encode() + sources[name])
    return digest.hexdigest()


def _source(name: str) -> Path | None:
    """Find the file of a module without executing it."""
    module = sys.modules.get(name)
    found = getattr(module, "__file__", None)
    if module is None:
        with suppress(ImportError, ValueError, AttributeError):
            spec = importlib.util.find_spec(name)
            found = spec.origin if spec is not None else None
    path = Path(found) if found else None
    return path if path is not None and path.suffix == ".py" and path.is_file() else None


def _imported(source: bytes) -> Iterator[str]:
    """Yield every module that may be imported: ``from a import b`` may mean ``a.b``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def surroundings(requires: Iterable[str]) -> dict[str, str]:
    """Return what else scores may depend on: library versions and the platform."""

    names = {*_LIBRARIES, *(name for one in requires for name in one.split("|"))}
    found = {"machine": f"{platform.system()} {platform.machine()}"}
    for name in sorted(names):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
