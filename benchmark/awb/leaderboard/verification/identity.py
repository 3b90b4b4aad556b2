"""Are the plugins of a submission what they are called?

A metric decides what a column means, so what is called like an installed metric must be that one.
Names belong to the distribution that provides them here; nothing else may be called so, or nearly.
"""

from __future__ import annotations

from typing import cast

from pydantic import ValidationError

from awb.errors import SubmissionError, UnknownNameError
from awb.harness.unit.record import OK, at_budget
from awb.leaderboard.submissions.schema import Plugin, Submission
from awb.leaderboard.submissions.untrusted_text import skeleton
from awb.plugins.discovery import Kind, Registered, Registry
from awb.plugins.resolve import Resolved, with_parameters
from awb.specs import ExplainerSpec, Parameters


def check_plugins(record: Submission, registry: Registry) -> None:
    """Check names, labels and settings against the plugins that are installed here."""
    named: list[tuple[Kind, Plugin]] = [
        ("dataset", record.dataset),
        ("model", record.model),
        ("explainer", record.explainer),
        *(("metric", one) for one in record.metrics),
    ]
    looks = _looks(registry)
    for kind, plugin in named:
        entry = installed(registry, kind, plugin.name)
        if entry is not None:
            _check_settings(kind, plugin, entry)
            continue
        like = looks.get((kind, skeleton(plugin.name)))
        if like is not None:
            raise SubmissionError(f"{kind} {plugin.name} looks like {like}, which it is not")


def installed(registry: Registry, kind: Kind, name: str) -> Registered | None:
    """Look up a plugin by name; None if it is not installed."""
    try:
        return registry.get(kind, name)
    except UnknownNameError:
        return None


def _looks(registry: Registry) -> dict[tuple[Kind, str], str]:
    return {(entry.kind, skeleton(entry.spec.name)): entry.spec.name for entry in registry}


def _check_settings(kind: Kind, plugin: Plugin, entry: Registered) -> None:
    """Check that a plugin with this name is the installed one, and that its label says how."""
    own = entry.origin
    if plugin.distribution != own.distribution:
        raise SubmissionError(
            f"{kind} {plugin.name} is from {own.distribution}, not from {plugin.distribution}"
        )
    is_other = f"{kind} {plugin.label} differs from the installed {plugin.name}"
    try:
        parameters = entry.spec.parameters.model_validate(plugin.parameters)
    except ValidationError as error:
        if kind != "metric" and plugin.version != own.version:
            return  # settings change with versions; a spot check asks for the same one
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "settings"
        message = first["msg"].removeprefix("Value error, ")
        raise SubmissionError(f"{is_other}: {place}: {message}") from None
    resolved = cast(Resolved, Resolved(kind, plugin.label, entry.spec, parameters, own))
    label = with_parameters(resolved, parameters).label
    earlier = with_parameters(resolved, _as_defaults(parameters)).label
    if plugin.label not in (label, earlier):
        raise SubmissionError(f"{is_other}: with these settings its label is {label}")


def _as_defaults(parameters: Parameters) -> Parameters:
    """Replace values that were defaults in an earlier version, which labels leave out."""
    fields = type(parameters).model_fields
    extras = {name: field.json_schema_extra for name, field in fields.items()}
    former = {
        name: fields[name].default
        for name, extra in extras.items()
        if isinstance(extra, dict) and getattr(parameters, name) == extra.get("former_default")
    }
    return parameters.model_copy(update=former)


def check_calls(record: Submission, registry: Registry) -> None:
    """Check that no explanation takes fewer model calls than its explainer can do with."""
    entry = installed(registry, "explainer", record.explainer.name)
    if entry is None or not isinstance(entry.spec, ExplainerSpec):
        return
    spec = entry.spec
    own = entry.origin.built_in
    least = _least(spec, record, at_least=int(own and not spec.baseline))
    for row in record.instances:
        if row.status != OK:
            continue
        where = f"{row.clip_id} ({row.target})"
        if row.calls < (least if row.n_cells > 1 else 0):  # of one segment, nothing is asked
            raise SubmissionError(
                f"{where}: {row.calls} model calls, but {record.explainer.label} takes at least"
                f" {least}"
            )
        if spec.baseline and own and (row.calls or row.forwards):
            raise SubmissionError(f"{where}: {row.calls} model calls of a baseline")


def _least(spec: ExplainerSpec, record: Submission, *, at_least: int) -> int:
    """Return the fewest calls per instance of a row, with the masks of its budget."""
    if spec.least_calls is None:
        return at_least
    settings = record.settings
    samples = settings.samples
    for budget in settings.budgets or ():
        if record.name == at_budget(record.explainer.label, budget):
            samples = budget
    try:
        parameters: Parameters = spec.parameters.model_validate(record.explainer.parameters)
    except ValidationError:
        return at_least
    return spec.least_calls(parameters, samples)
