"""``awb cache``: scores that are kept from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from awb.perturbation.cache import ScoreCache

_SIZE = click.option(
    "--size",
    envvar="AWB_CACHE_SIZE",
    default="2GB",
    show_default=True,
    metavar="SIZE",
    help="How much may stay.",
)
_FOLDER = click.option(
    "--cache", envvar="AWB_CACHE", metavar="DIR", help="Its folder.  [default: the user's cache]"
)


def _existing(text: str | None) -> ScoreCache:
    """Open the cache; ``off`` in the environment is no reason not to look at it."""
    from awb.harness.config.limits import OFF
    from awb.harness.unit.score_cache import open_cache

    return open_cache(None if text == OFF else text)


@click.group("cache")
def cache_command() -> None:
    """Show, prune or clear the scores that are kept from run to run.

    A score is kept under its model (settings, weights, code, libraries), clip, target, masker,
    segments and drop mask, so that another run finds it only where it would compute the same.
    Removing some costs time and nothing else.
    """


@cache_command.command("show")
@_FOLDER
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_command(cache: str | None, as_json: bool) -> None:
    """Print where the cache lies and what it holds, by model."""
    import json
    from collections import defaultdict

    from awb.cli.tables import print_table

    store = _existing(cache)
    groups: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for entry in store.entries():
        group = groups[entry.label or "(unreadable)"]
        for place, value in enumerate((1, entry.scores, entry.n_bytes)):
            group[place] += value
    names = ("model", "instances", "scores", "bytes")
    rows = [(label, *groups[label]) for label in sorted(groups)]
    total = sum(group[2] for group in groups.values())
    if as_json:
        record = {
            "folder": str(store.folder),
            "models": [dict(zip(names, row, strict=True)) for row in rows],
        }
        click.echo(json.dumps(record, indent=1, ensure_ascii=False))
        return
    click.echo(f"{store.folder}: {total / 1e6:.1f} MB")
    if rows:
        print_table(names, rows)


@cache_command.command("prune")
@_FOLDER
@_SIZE
def prune_command(cache: str | None, size: str) -> None:
    """Remove what was used longest ago, until the rest fits."""
    from awb.harness.config.limits import read_size

    removed = _existing(cache).prune(read_size(size))
    click.echo(f"removed {removed} entries", err=True)


@cache_command.command("clear")
@_FOLDER
def clear_command(cache: str | None) -> None:
    """Remove all kept scores."""
    removed = _existing(cache).prune(-1)
    click.echo(f"removed {removed} entries", err=True)
