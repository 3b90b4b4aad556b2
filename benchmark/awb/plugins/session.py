"""Plugins that are not installed: files given with ``--plugin`` and functions of this session."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType

from awb.errors import PluginError, described
from awb.plugins.discovery import ADDED, Kind, Registered, collect, installed
from awb.specs import AnySpec, Origin

SESSION = "this session"
"""Distribution of plugins that were defined in a notebook or script, not in a plugin file."""

_loading: list[list[tuple[Kind, AnySpec]]] = []


def add(entries: Iterable[Registered]) -> None:
    """Register plugins in this process; newer ones replace those of the same origin."""
    group = list(entries)
    for entry in group:
        key = (entry.kind, entry.spec.name)
        taken = {(one.kind, one.spec.name): one for one in installed()} | ADDED
        other = taken.get(key)
        if other is not None and other.origin.distribution != entry.origin.distribution:
            raise PluginError(
                f"{entry.kind} {entry.spec.name!r} is already taken by {other.origin.distribution};"
                " choose another name"
            )
    ADDED.update({(entry.kind, entry.spec.name): entry for entry in group})


def add_spec(kind: Kind, spec: AnySpec, version: str) -> None:
    """Register a plugin that was defined in this session or in the file being loaded."""
    if _loading:
        _loading[-1].append((kind, spec))
    else:
        add([Registered(kind, spec, Origin(SESSION, version))])


def is_loading() -> bool:
    """Check whether a plugin file is being loaded, when a run must not start."""
    return bool(_loading)


def add_file(path: Path) -> None:
    """Load a Python file and register its plugins in this process."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PluginError(f"cannot read the plugin file {path}: {error.strerror}") from error
    origin = Origin(path.name, hashlib.sha256(content).hexdigest(), "--plugin", str(path.resolve()))
    if any(entry.origin == origin for entry in ADDED.values()):
        return
    with _collecting() as found:
        module = _import(path, f"awb_plugin_file_{origin.version[:16]}")
    try:
        specs = [*collect(module), *found]
    except Exception as error:
        raise PluginError(f"plugin file {path}: {described(error)}") from error
    if not specs:
        raise PluginError(
            f"{path} contains no plugin. Put @awb.explainer('my-method') before a function of"
            " (perturber, instance, rng), or @awb.model('my-model') before one that makes a model"
        )
    _forget_file(origin)
    add(Registered(kind, spec, origin) for kind, spec in specs)


@contextmanager
def _collecting() -> Iterator[list[tuple[Kind, AnySpec]]]:
    """Collect the plugins that are defined by decorators in the meantime."""
    found: list[tuple[Kind, AnySpec]] = []
    _loading.append(found)
    try:
        yield found
    finally:
        _loading.pop()


def _import(path: Path, name: str) -> ModuleType:
    """Import a file as a module under a given name."""
    made = importlib.util.spec_from_file_location(name, path)
    if made is None or made.loader is None:
        raise PluginError(f"the name of a plugin file must end in .py: {path}")
    module = importlib.util.module_from_spec(made)
    sys.modules[name] = module
    try:
        with redirect_stdout(sys.stderr):  # stdout is for boards
            made.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise PluginError(f"plugin file {path}: {described(error)}") from error
    return module


def _forget_file(origin: Origin) -> None:
    """Remove the plugins of an older version of the same file."""
    for key in [key for key, entry in ADDED.items() if entry.origin.file == origin.file]:
        del ADDED[key]
