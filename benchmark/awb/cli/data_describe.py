"""``awb data describe`` for datasets that need no preparation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from awb.cli.options import finish
from awb.cli.tables import print_table

if TYPE_CHECKING:
    from awb.harness.config.limits import Limits
    from awb.harness.selection.description import Description
    from awb.plugins.resolve import Resolved
    from awb.specs import DatasetSpec


def describe_plain(
    context: click.Context,
    dataset: Resolved[DatasetSpec],
    models: Sequence[str],
    limits: Limits,
    *,
    as_json: bool,
) -> None:
    """Read the clips of a dataset, and print durations, labels and events."""
    import json

    from awb.cli.progress import passing_bar
    from awb.harness.selection.description import describe_clips
    from awb.plugins.discovery import load
    from awb.plugins.resolve import resolve

    resolved = [resolve(load(), "model", text) for text in models]
    with passing_bar(f"Reading {dataset.label}"):
        found = describe_clips(dataset, resolved, limits=limits)
    if as_json:
        click.echo(json.dumps(found.plain(), indent=1, ensure_ascii=False))
    else:
        _print(found)
    finish(context, found.problems)


def _print(found: Description) -> None:
    for note in found.notes:
        click.echo(note)
    plain = found.plain()["duration_s"]
    click.echo(
        f"{found.clips} clips, {plain['total']:.1f} s in total,"
        f" from {plain['shortest']:.3f} to {plain['longest']:.3f} s"
    )
    for one in found.too_short:
        takes = f"needs at least {one.shortest_s:g} s" if one.shortest_s else "accepts any length"
        click.echo(f"{one.model} {takes}: {one.clips} of {found.clips} clips are too short")
    for note in found.notes:
        click.echo(note)
    click.echo()
    rows = [(label, clips, events) for label, (clips, events) in found.labels.items()]
    print_table(("label", "clips", "events"), rows)
