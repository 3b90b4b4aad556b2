"""``awb data features``, ``clusters`` and ``spectrograms``: a dataset as vectors and images."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awb.cli.completing import names_of
from awb.cli.options import OPEN, finish, resolve_dataset
from awb.cli.plugin_files import PLUGIN
from awb.cli.settings import LIMITS, SettingsCommand

if TYPE_CHECKING:
    from awb.harness.selection.clip_features import Extracted

_DATASET = click.argument("name", metavar="DATASET", shell_complete=names_of("dataset"))
_EXTRA = click.argument("extra", nargs=-1, type=click.UNPROCESSED, metavar="[--SETTING VALUE]...")
_CLIPS = click.option(
    "--clips", type=click.IntRange(min=1), metavar="N", help="Only the first N clips."
)


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many clips are done."""
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def update(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield update


@click.command("features", cls=SettingsCommand, settings=LIMITS, context_settings=OPEN)
@_DATASET
@_EXTRA
@click.option(
    "--extractor",
    required=True,
    metavar="NAME[:KEY=VALUE,...]",
    shell_complete=names_of("extractor"),
    help="Such as vggish-log-mel; `awb plugins extractor` lists them.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("features.parquet"),
    show_default=True,
    metavar="FILE",
    help="A .parquet or .csv file.",
)
@_CLIPS
@PLUGIN
@click.pass_context
def features_command(
    context: click.Context,
    name: str,
    extra: tuple[str, ...],
    extractor: str,
    out: Path,
    clips: int | None,
    time_limit_s: str | None,
    memory_limit: str | None,
) -> None:
    """Write a table of features: a row per clip, with its class, group and attributes.

    Clips that are too short for the extractor are counted and left out.
    """
    from awb.data.feature_table import check_suffix
    from awb.harness.config.limits import make_limits
    from awb.harness.selection.clip_features import extract_features
    from awb.plugins.discovery import load
    from awb.plugins.resolve import resolve

    check_suffix(out)
    dataset = resolve_dataset(context, name, extra)
    resolved = resolve(load(), "extractor", extractor)
    limits = make_limits(time_limit_s, memory_limit)
    with _bar(f"Extracting {resolved.label}") as update:
        found = extract_features(dataset, resolved, update, clips=clips, limits=limits)
    found.table.write(out, f"{resolved.label} of {dataset.label}")
    _tell(found)
    click.echo(f"wrote {out}", err=True)
    finish(context, found.problems)


def _tell(found: Extracted) -> None:
    """Say what is in a table of features, and what is not."""
    table = found.table
    for note in found.notes:
        click.echo(note)
    counts = ", ".join(f"{count} {name}" for name, count in Counter(table.classes).most_common(8))
    click.echo(f"{table.values.shape[0]} x {table.values.shape[1]} features: {counts}")
    if found.too_short:
        click.echo(f"left out: {found.too_short} clips under {found.shortest_s:g} s")


@click.command("clusters")
@click.argument("table", metavar="FEATURES", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--by", metavar="ATTRIBUTE", help="Compare with an attribute.  [default: the class]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("clusters.png"),
    show_default=True,
    metavar="FILE",
    help="The figure: .pdf, .png or .svg.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of k-means.")
def clusters_command(table: Path, by: str | None, out: Path, seed: int) -> None:
    """Draw a table of features (PCA), and compare its k-means clusters with the classes.

    Features are standardized. There are as many clusters as classes. An adjusted Rand index of 1
    means that the clusters are the classes, 0 that they agree as by chance.
    """
    from awb.data.feature_table import read_features
    from awb.report.figures.agreement import form_of
    from awb.report.figures.clusters import draw_clusters, find_clusters
    from awb.report.figures.style import save

    form = form_of(out)
    found = find_clusters(read_features(table), by, seed)
    save(draw_clusters(found), out, form)
    clusters = len(set(found.clusters))
    click.echo(
        f"{len(found.names)} clips, {clusters} clusters against {by or 'class'}:"
        f" adjusted Rand index {found.adjusted_rand:.3f}"
    )
    click.echo(f"wrote {out}", err=True)


@click.command("spectrograms", cls=SettingsCommand, settings=LIMITS, context_settings=OPEN)
@_DATASET
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@_EXTRA
@click.option(
    "--size", default="224x224", show_default=True, metavar="WIDTHxHEIGHT", help="In pixels."
)
@click.option(
    "--colour",
    type=click.Choice(["grey", "magma", "viridis", "inferno"]),
    default="grey",
    show_default=True,
    help="Colours; loud is bright.",
)
@_CLIPS
@PLUGIN
@click.pass_context
def spectrograms_command(
    context: click.Context,
    name: str,
    folder: Path,
    extra: tuple[str, ...],
    size: str,
    colour: str,
    clips: int | None,
    time_limit_s: str | None,
    memory_limit: str | None,
) -> None:
    """Write a mel spectrogram of every clip, in a folder per class, and a table of them.

    The width of an image is the whole clip, whatever its length; its height is 0 Hz to half the
    sample rate on the mel scale. Levels are decibels, 55 dB from black to white.
    """
    from awb.errors import ParameterError
    from awb.harness.config.limits import make_limits
    from awb.report.spectrogram_folder import Picture, write_spectrograms

    sides = size.lower().split("x")
    if len(sides) != 2 or not all(one.isdecimal() for one in sides):
        raise ParameterError(f"--size {size}: type WIDTHxHEIGHT, such as 224x224")
    picture = Picture(int(sides[0]), int(sides[1]), colour)
    dataset = resolve_dataset(context, name, extra)
    limits = make_limits(time_limit_s, memory_limit)
    with _bar("Drawing") as update:
        done = write_spectrograms(dataset, folder, picture, update, clips=clips, limits=limits)
    for note in done.notes:
        click.echo(note)
    click.echo(f"{done.images} images of {done.classes} classes in {folder}")
    finish(context, done.problems)
