"""Sections of a page that need no script: a board in slices, and agreement of the explainers."""

from __future__ import annotations

from dataclasses import dataclass

from awb.errors import RunError
from awb.leaderboard.boards.explainer_agreement import explainer_agreement
from awb.leaderboard.boards.slices import SlicedBoard, published_slices, sliced
from awb.leaderboard.boards.traits import TRAITS
from awb.leaderboard.formats.explainer_agreement import remarks_of as agreement_remarks
from awb.leaderboard.formats.slice_table import gap_sentence, head_lines, mean_text, slices_of
from awb.leaderboard.formats.slice_table import remarks_of as slice_remarks
from awb.leaderboard.formats.text import number_text, short_text, span_text
from awb.report.views.board import BoardView

_MOST_SLICES = 12


@dataclass(frozen=True, slots=True)
class SliceCell:
    """A mean as text, its interval, and whether other clips might put the explainer first."""

    text: str
    span: str
    leads: bool


@dataclass(frozen=True, slots=True)
class SliceSection:
    """One table: explainers by slices."""

    name: str
    heads: tuple[tuple[str, ...], ...]  # lines of the head of each column
    rows: tuple[tuple[str, bool, tuple[SliceCell, ...]], ...]  # explainer, baseline, cells
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SliceSections:
    """A board in slices, by one trait after the other."""

    sections: tuple[SliceSection, ...] = ()
    opened: bool = False  # whether the first table is shown without a click
    told: str = ""  # where the means of explainers differ most, if intervals say so


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A number as text, and the colour behind it."""

    text: str
    color: str
    title: str


@dataclass(frozen=True, slots=True)
class HeatSection:
    """Agreement of explainers: a square table."""

    names: tuple[str, ...]
    rows: tuple[tuple[HeatCell, ...], ...]
    remarks: tuple[str, ...]


def slice_sections(view: BoardView) -> SliceSections:
    """Cut the ranking metric by every trait that gives slices with enough clips."""
    found = []
    for trait in TRAITS:
        try:
            [table] = sliced(view.data, trait.name, first_only=True)
        except RunError:
            continue
        enough = 2 <= len(table.slices) <= _MOST_SLICES
        if enough and not all(one.few for one in table.slices):
            found.append(_section(table))
    return SliceSections(tuple(found), opened=True)


def published_sections(view: BoardView) -> SliceSections:
    """Cut the ranking metric of a published board."""
    tables = published_slices(view.data)
    return SliceSections(tuple(map(_section, tables)), told=gap_sentence(tables))


def _section(table: SlicedBoard) -> SliceSection:
    columns = slices_of(table)
    rows = []
    for row in table.board.rows:
        if row.coverage == 0:
            continue
        cells = []
        for one in columns:
            leads = row.explainer in one.leading()
            text = mean_text(one, row.explainer, interval=False).removesuffix("*")
            ends = span_text(one.cell(row.explainer)) if row.explainer in one.rows else ""
            cells.append(SliceCell(text.replace("-", "−"), ends.replace("-", "−"), leads))
        rows.append((row.explainer, row.baseline, tuple(cells)))
    heads = tuple(tuple(head_lines(one)) for one in columns)
    return SliceSection(table.trait.name, heads, tuple(rows), tuple(slice_remarks(table)))


def agreement_section(view: BoardView) -> HeatSection | None:
    """Arrange the agreement of explainers, clustered; None if there are not two to compare."""
    relevances = {
        (one.kept.clip_id, one.kept.target): {
            each.explainer: each.relevance for each in one.explanations
        }
        for one in view.instances
    }
    try:
        found = explainer_agreement(view.data, relevances)
    except RunError:
        return None
    pairs = {frozenset((pair.first, pair.second)): pair for pair in found.pairs}
    rows = []
    for row, name in enumerate(found.names):
        cells = []
        for column, other in enumerate(found.names):
            if row == column:
                cells.append(HeatCell("", "", name))
                continue
            pair = pairs[frozenset((name, other))]
            what, interval = (
                ("top fifth in common", pair.overlap)
                if row < column
                else ("rank correlation", pair.correlation)
            )
            title = (
                f"{name} and {other}: {what} {number_text(interval.mean, 2)}"
                f" ({number_text(interval.low, 2)} to {number_text(interval.high, 2)}),"
                f" n = {pair.n_instances}"
            )
            text = short_text(interval.mean)
            cells.append(HeatCell(text.replace("-", "−"), _color(interval.mean), title))
        rows.append(tuple(cells))
    return HeatSection(found.names, tuple(rows), tuple(agreement_remarks(found)))


def _color(value: float) -> str:
    """Return a CSS colour: the stronger, the further from 0."""
    if value != value:
        return ""
    kind = "--contradict" if value < 0 else "--agree"
    return f"rgb(var({kind}) / {0.5 * min(1.0, abs(value)):.3f})"
