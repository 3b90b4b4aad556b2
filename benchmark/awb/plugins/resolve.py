"""From references to plugins: look up names, validate settings, build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Literal, overload

from pydantic import ValidationError

from awb.errors import ParameterError, RunError, did_you_mean
from awb.plugins.discovery import (
    Kind,
    Registered,
    Registry,
    SpecT,
    check_available,
    load,
    missing_modules,
)
from awb.plugins.pickling import packed, unpacked
from awb.plugins.references import Reference, parse_reference
from awb.plugins.session import SESSION, add_file
from awb.specs import (
    AnySpec,
    DatasetSpec,
    ExplainerSpec,
    ExtractorSpec,
    MetricSpec,
    ModelSpec,
    Origin,
    Parameters,
)


@dataclass(frozen=True, slots=True)
class Resolved(Generic[SpecT]):
    """A plugin with validated settings, ready to be built."""

    kind: Kind
    label: str  # its name in tables: the reference without settings that have their defaults
    spec: SpecT
    parameters: Parameters
    origin: Origin

    def build(self) -> Any:
        """Call the factory, which imports heavy libraries."""
        return self.spec.factory(self.parameters)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name: a worker looks up the plugin in its own process."""
        settings = self.parameters.model_dump()
        if self.origin.distribution == SESSION:
            return _unpack, (self.kind, self.label, packed(self.spec), settings, self.origin)
        return _look_up, (self.kind, self.label, self.spec.name, settings, self.origin)

    def identity(self) -> dict[str, Any]:
        """Return what must be equal for two results to be comparable."""
        return {
            "name": self.spec.name,
            "parameters": self.parameters.model_dump(mode="json"),
            "distribution": self.origin.distribution,
            "version": self.origin.version,
        }


def _unpack(
    kind: Kind, label: str, content: bytes, settings: dict[str, Any], origin: Origin
) -> Resolved:
    """Rebuild a plugin that only the main process has."""
    spec = unpacked(content)
    return Resolved(kind, label, spec, spec.parameters(**settings), origin)


def _look_up(
    kind: Kind, label: str, name: str, settings: dict[str, Any], origin: Origin
) -> Resolved:
    """Look up a plugin in this process, which may be on another machine."""
    if origin.file:
        add_file(Path(origin.file))
    entry = load().get(kind, name)
    if entry.origin.version != origin.version:
        raise RunError(
            f"{kind} {name}: a worker has version {entry.origin.version} of"
            f" {entry.origin.distribution}, but the main process has {origin.version}. Install the"
            " same version on both"
        )
    return Resolved(kind, label, entry.spec, entry.spec.parameters(**settings), entry.origin)


def _validate(spec: AnySpec, settings: dict[str, str]) -> Parameters:
    known = spec.parameters.model_fields
    for key in settings:
        if key not in known:
            hint = did_you_mean(key, known) if known else " It has no settings."
            raise ParameterError(f"{spec.name} has no setting {key!r}.{hint}")
    try:
        return spec.parameters.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "settings"
        if first["type"] == "missing":
            raise ParameterError(
                f"{spec.name} needs {place}. Type {spec.name}:{place}=..."
            ) from None
        message = first["msg"].removeprefix("Value error, ")
        raise ParameterError(f"{spec.name}: {place}: {message} (got {first['input']!r})") from None


@overload
def resolve(registry: Registry, kind: Literal["model"], text: str) -> Resolved[ModelSpec]: ...
@overload
def resolve(
    registry: Registry, kind: Literal["explainer"], text: str
) -> Resolved[ExplainerSpec]: ...
@overload
def resolve(registry: Registry, kind: Literal["dataset"], text: str) -> Resolved[DatasetSpec]: ...
@overload
def resolve(registry: Registry, kind: Literal["metric"], text: str) -> Resolved[MetricSpec]: ...
@overload
def resolve(
    registry: Registry, kind: Literal["extractor"], text: str
) -> Resolved[ExtractorSpec]: ...
@overload
def resolve(registry: Registry, kind: Kind, text: str) -> Resolved: ...
def resolve(registry: Registry, kind: Kind, text: str) -> Resolved:
    """Look up a reference and validate its settings without importing heavy libraries."""
    reference = parse_reference(text)
    entry = registry.get(kind, reference.name)
    check_available(entry)
    return _resolved(entry, reference)


def _resolved(entry: Registered, reference: Reference) -> Resolved:
    spec = entry.spec
    reference = reference.with_settings_behind_path(spec.parameters.model_fields)
    settings = dict(reference.settings)
    if reference.path is not None:
        key = spec.path_parameter
        if key is None:
            raise ParameterError(
                f"{spec.name} takes settings as {spec.name}:key=value, not {reference.path!r}"
            )
        if key in settings:
            raise ParameterError(f"{str(reference)!r}: {key} is given twice")
        settings[key] = reference.path
    parameters = _validate(spec, settings)
    return Resolved(entry.kind, _label(spec, parameters), spec, parameters, entry.origin)


def with_parameters(resolved: Resolved[SpecT], parameters: Parameters) -> Resolved[SpecT]:
    """Return the same plugin with other settings, and the label that goes with them."""
    return replace(resolved, label=_label(resolved.spec, parameters), parameters=parameters)


def _label(spec: AnySpec, parameters: Parameters) -> str:
    changed = {
        name: getattr(parameters, name)
        for name, field in spec.parameters.model_fields.items()
        if getattr(parameters, name) != field.default
    }
    path_parameter = spec.path_parameter
    if path_parameter is not None and list(changed) == [path_parameter]:
        return str(Reference(spec.name, path=str(changed[path_parameter])))
    return str(Reference(spec.name, tuple((key, _typed(value)) for key, value in changed.items())))


def _typed(value: object) -> str:
    """Write a setting as a user types it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_usable_by_name(spec: AnySpec) -> bool:
    """Check that a plugin's libraries are installed and that it has no required settings.

    References are run where they are named: most models have no scores for them.
    """
    if isinstance(spec, ExplainerSpec) and spec.reference:
        return False
    needed = any(field.is_required() for field in spec.parameters.model_fields.values())
    return not needed and not missing_modules(spec)


@overload
def resolve_all(
    registry: Registry, kind: Literal["explainer"], texts: list[str]
) -> list[Resolved[ExplainerSpec]]: ...
@overload
def resolve_all(
    registry: Registry, kind: Literal["metric"], texts: list[str]
) -> list[Resolved[MetricSpec]]: ...
def resolve_all(registry: Registry, kind: Kind, texts: list[str]) -> Sequence[Resolved]:
    """Resolve a list of references, where ``all`` is every plugin that needs no settings."""
    found: dict[str, Resolved] = {}
    for text in texts:
        if text == "all":
            entries = [entry for entry in registry if entry.kind == kind]
            able = [entry for entry in entries if _is_usable_by_name(entry.spec)]
            group = [_resolved(entry, Reference(entry.spec.name)) for entry in able]
        else:
            group = [resolve(registry, kind, text)]
        found.update({resolved.label: resolved for resolved in group})
    if not found:
        raise ParameterError(f"no {kind} was chosen")
    return list(found.values())
