"""Options that are a dataset's own settings, and how a command ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from awb.cli.tables import tell

if TYPE_CHECKING:
    from awb.plugins.resolve import Resolved
    from awb.specs import DatasetSpec

EXIT_WITH_PROBLEMS = 1
EXIT_UNCHECKED = 3  # 2 is wrong usage

OPEN = {"ignore_unknown_options": True, "allow_extra_args": True}
"""Context settings of a command that takes a dataset's settings as options."""

_UNITS = ("", "_s", "_hz", "_samples")


def resolve_dataset(
    context: click.Context, name: str, extra: Sequence[str]
) -> Resolved[DatasetSpec]:
    """Resolve a dataset with the settings that were typed as options."""
    from awb.errors import ParameterError, UnknownNameError, did_you_mean
    from awb.plugins.discovery import load
    from awb.plugins.references import Reference, parse_reference
    from awb.plugins.resolve import resolve

    registry = load()
    reference = parse_reference(name)
    fields = registry.get("dataset", reference.name).spec.parameters.model_fields
    own = {option for param in context.command.params for option in param.opts if "--" in option}
    settings = dict(reference.settings)
    for option, value in _pairs(extra):
        stem = option.removeprefix("--").replace("-", "_")
        key = next((stem + unit for unit in _UNITS if stem + unit in fields), None)
        if key is None or not option.startswith("--"):
            known = own | {f"--{field.replace('_', '-')}" for field in fields}
            hint = did_you_mean(option, known)
            raise UnknownNameError(f"no option {option} for dataset {reference.name}.{hint}")
        if value is None:
            raise ParameterError(f"option {option} needs a value")
        if key in settings:
            raise ParameterError(f"{key} is given twice")
        settings[key] = value
    typed = Reference(reference.name, tuple(settings.items()), reference.path)
    return resolve(registry, "dataset", str(typed))


def _pairs(words: Sequence[str]) -> Iterable[tuple[str, str | None]]:
    """Split ``--key value`` and ``--key=value`` into pairs."""
    rest = list(words)
    while rest:
        option, equals, value = rest.pop(0).partition("=")
        if equals:
            yield option, value
        elif option.startswith("-") and rest:
            yield option, rest.pop(0)
        else:
            yield option, None


def finish(context: click.Context, problems: Sequence[str]) -> None:
    """Tell of problems on stderr, and fail if there are any."""
    tell(problems)
    if problems:
        context.exit(EXIT_WITH_PROBLEMS)
