"""Discovery: find every plugin, report the broken ones, and continue with the others.

Plugins are modules registered under the entry-point group ``awb``. awb's own models, explainers and
datasets are registered in the same way.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from itertools import chain
from types import MappingProxyType
from typing import Any, Generic, Literal, cast, overload

import pluggy
from typing_extensions import TypeVar

from awb import hookspecs
from awb.errors import MissingExtraError, PluginError, UnknownNameError, described, did_you_mean
from awb.specs import (
    DISTRIBUTION,
    AnySpec,
    DatasetSpec,
    ExplainerSpec,
    MaskerSpec,
    MetricSpec,
    ModelSpec,
    Origin,
)

Kind = Literal["model", "explainer", "dataset", "metric", "masker"]

GROUP = "awb"
KINDS: Mapping[Kind, type[AnySpec]] = MappingProxyType(
    {
        "model": ModelSpec,
        "explainer": ExplainerSpec,
        "dataset": DatasetSpec,
        "metric": MetricSpec,
        "masker": MaskerSpec,
    }
)


SpecT = TypeVar("SpecT", bound=AnySpec, default=AnySpec, covariant=True)


@dataclass(frozen=True, slots=True)
class Registered(Generic[SpecT]):
    """A spec and its origin."""

    kind: Kind
    spec: SpecT
    origin: Origin


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that could not be loaded, and why."""

    origin: Origin
    reason: str


class Registry:
    """Everything that was discovered."""

    def __init__(self, registered: Iterable[Registered], broken: Iterable[Broken] = ()) -> None:
        self._found = {(entry.kind, entry.spec.name): entry for entry in registered}
        self.broken = tuple(broken)

    def __iter__(self) -> Iterator[Registered]:
        """Iterate over all specs, grouped by kind, in order of registration."""
        return (entry for kind in KINDS for entry in self._found.values() if entry.kind == kind)

    def entries(self, spec_type: type[SpecT]) -> list[Registered[SpecT]]:
        """List the entries of one kind, given by its type of spec, in order of registration."""
        found = (entry for entry in self if isinstance(entry.spec, spec_type))
        return [cast("Registered[SpecT]", entry) for entry in found]

    def specs(self, spec_type: type[SpecT]) -> list[SpecT]:
        """List the specs of one kind, in order of registration."""
        return [entry.spec for entry in self.entries(spec_type)]

    def names(self, kind: Kind) -> list[str]:
        """List the names of one kind, in order of registration."""
        return [entry.spec.name for entry in self if entry.kind == kind]

    @overload
    def get(self, kind: Literal["model"], name: str) -> Registered[ModelSpec]: ...
    @overload
    def get(self, kind: Literal["explainer"], name: str) -> Registered[ExplainerSpec]: ...
    @overload
    def get(self, kind: Literal["dataset"], name: str) -> Registered[DatasetSpec]: ...
    @overload
    def get(self, kind: Literal["metric"], name: str) -> Registered[MetricSpec]: ...
    @overload
    def get(self, kind: Kind, name: str) -> Registered: ...
    def get(self, kind: Kind, name: str) -> Registered:
        """Look up a spec by kind and name."""
        try:
            return self._found[kind, name]
        except KeyError:
            pass
        broken = "".join(
            f" (plugin {entry.origin.distribution} is broken: {entry.reason})"
            for entry in self.broken
        )
        hint = did_you_mean(name, self.names(kind))
        raise UnknownNameError(f"unknown {kind} {name!r}.{hint}{broken}")


def missing_modules(spec: AnySpec) -> list[str]:
    """List the required modules of a spec that are not installed (``one|other``: neither is)."""
    return [
        needed.replace("|", " or ")
        for needed in spec.requires
        if not any(importlib.util.find_spec(module) for module in needed.split("|"))
    ]


def mend_command(spec: AnySpec, origin: Origin) -> str:
    """Return the command that installs what a spec requires."""
    if spec.extra is not None:
        return f'python -m pip install "{origin.distribution}[{spec.extra}]"'
    first = [needed.split(" or ")[0] for needed in missing_modules(spec)]
    return f"python -m pip install {' '.join(first)}"


def check_available(entry: Registered) -> None:
    """Refuse a spec whose libraries are not installed."""
    missing = missing_modules(entry.spec)
    if missing:
        raise MissingExtraError(
            f"{entry.kind} {entry.spec.name} needs {', '.join(missing)}."
            f" Type: {mend_command(entry.spec, entry.origin)}"
        )


def collect(plugin: object) -> Iterator[tuple[Kind, AnySpec]]:
    """Call a plugin's hooks, refusing unknown hooks and results of the wrong type."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    for implementation in manager.get_hookcallers(plugin) or []:
        if not implementation.has_spec():
            known = [f"awb_{kind}s" for kind in KINDS]
            hint = did_you_mean(implementation.name, known)
            raise PluginError(f"unknown hook {implementation.name!r}.{hint}")
    for kind, spec_type in KINDS.items():
        caller = getattr(manager.hook, f"awb_{kind}s")
        for spec in chain.from_iterable(caller()):
            if not isinstance(spec, spec_type):
                raise PluginError(
                    f"awb_{kind}s returned {type(spec).__name__}, expected {spec_type.__name__}"
                )
            yield kind, spec


def _origin(entry_point: EntryPoint) -> Origin:
    distribution = entry_point.dist
    if distribution is None:
        return Origin(entry_point=entry_point.name)
    return Origin(distribution.name, distribution.version, entry_point.name)


def discover(found: Iterable[EntryPoint]) -> Registry:
    """Load plugins from entry points."""
    ours_first = sorted(
        {(point.name, point.value, _origin(point).distribution): point for point in found}.values(),
        key=lambda point: (
            _origin(point).distribution != DISTRIBUTION,
            _origin(point).distribution,
        ),
    )
    registered: dict[tuple[Kind, str], Registered] = {}
    broken: list[Broken] = []
    for entry_point in ours_first:
        origin = _origin(entry_point)
        try:
            mine = _validated(entry_point.load(), origin, registered)
        except Exception as error:  # noqa: BLE001 - the plugin boundary: anything may fail there
            broken.append(Broken(origin, described(error)))
        else:
            registered.update(mine)
    return Registry(registered.values(), broken)


def _validated(
    plugin: Any, origin: Origin, taken: Mapping[tuple[Kind, str], Registered]
) -> dict[tuple[Kind, str], Registered]:
    """Collect a plugin's specs, refusing names that are already taken."""
    mine: dict[tuple[Kind, str], Registered] = {}
    for kind, spec in collect(plugin):
        other = mine.get((kind, spec.name)) or taken.get((kind, spec.name))
        if other is not None:
            raise PluginError(
                f"{kind} {spec.name!r} is already taken by {other.origin.distribution}"
            )
        mine[kind, spec.name] = Registered(kind, spec, origin)
    return mine


ADDED: dict[tuple[Kind, str], Registered] = {}
"""Plugins added to this process without being installed, see `awb.plugins.session`."""


@cache
def installed() -> Registry:
    """Discover the installed plugins, once per process."""
    return discover(entry_points(group=GROUP))


def load() -> Registry:
    """Return the installed plugins and those added in this process."""
    found = installed()
    return Registry([*found, *ADDED.values()], found.broken) if ADDED else found
