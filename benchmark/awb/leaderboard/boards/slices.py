"""A board in slices: the same ranked table for instances that are alike, side by side.

Every slice is a board of its own, made by `make_board`: its means, intervals and places rest on the
slice's instances alone. A published board has the slices that follow from its submissions, without
audio.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from awb.data.windows import recording_of
from awb.errors import RunError
from awb.harness.selection.manifest import Kept
from awb.harness.storage.score_table import rows_of
from awb.leaderboard.boards.board import Board, BoardRow, Cell
from awb.leaderboard.boards.construction import BoardData, make_board
from awb.leaderboard.boards.traits import Bin, Trait, bins_of, find_trait
from awb.metrics.facts import MetricFacts

FEW_CLIPS = 5
"""A slice of fewer clips has no intervals and ranks nobody."""

PUBLISHED = "duration", "events", "score", "class"
"""Traits that published boards are cut by."""

ENOUGH_CLIPS = 15
"""A published board of fewer clips is not cut."""

MOST_SLICES = 5
"""A published board is not cut by a trait that makes more slices."""

BEST = 10
"""Number of explainers of a published board that are shown in slices."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The instances of one slice, and each explainer's row for them."""

    bin: Bin
    n_instances: int
    n_clips: int
    rows: dict[str, BoardRow]  # by explainer; one cell each

    @property
    def few(self) -> bool:
        """Whether the slice has too few clips to tell anything apart."""
        return self.n_clips < FEW_CLIPS

    def cell(self, explainer: str) -> Cell:
        """Return an explainer's mean, with an interval if there are enough clips."""
        return self.rows[explainer].cells[0]

    def leading(self) -> set[str]:
        """Name the explainers that other clips might put first; nobody if that is everybody."""
        places = {name: row.place for name, row in self.rows.items() if row.place is not None}
        first = {name for name, place in places.items() if place is not None and place.low == 1}
        return first if len(first) < len(places) else set()


@dataclass(frozen=True, slots=True)
class SlicedBoard:
    """One metric of a board, for all instances and for every slice."""

    trait: Trait
    metric: MetricFacts
    board: Board  # of all instances, ranked by the metric
    whole: Slice
    slices: tuple[Slice, ...]

    @property
    def entries(self) -> tuple[BoardRow, ...]:
        """The rows with values, best first, without baselines."""
        return tuple(row for row in self.board.rows if not row.baseline and row.cells[0].n)

    @property
    def best(self) -> SlicedBoard:
        """The same slices with the best explainers only."""
        return replace(self, board=replace(self.board, rows=self.entries[:BEST]))


@dataclass(frozen=True, slots=True)
class Gap:
    """Two slices in which an explainer has intervals that do not overlap."""

    explainer: str
    better: Slice
    worse: Slice

    @property
    def size(self) -> float:
        """The difference between the means, not negative."""
        return abs(self.better.cell(self.explainer).mean - self.worse.cell(self.explainer).mean)


def sliced(
    data: BoardData, by: str, *, bins: int = 3, first_only: bool = False
) -> list[SlicedBoard]:
    """Cut a board into slices, one table per metric.

    Parameters
    ----------
    data : BoardData
        The rows of the board; its metrics are the tables.
    by : str
        Name of the trait, one of `TRAITS`.
    bins : int
        Number of slices of a trait that is a number, 2 to 10.
    first_only : bool
        Whether to stop at the first metric that has values.

    Returns
    -------
    list of SlicedBoard
        One per metric that has values.

    Raises
    ------
    UnknownNameError
        If there is no such trait.
    RunError
        If no instance has it, or the run did not record it.
    ParameterError
        If `bins` is out of range.
    """
    trait, kept = find_trait(by), _explained(data)
    found = bins_of(trait, kept, data.facts, bins)
    tables: list[SlicedBoard] = []
    for facts in data.metrics:
        scores = list(rows_of(data.scores, facts.name))
        own = replace(data, metrics=[facts], scores=scores)
        board = make_board(own)
        if any(row.cells[0].n for row in board.rows):
            everything = Bin("all", tuple(range(len(kept))))
            slices = tuple(_slice(own, one, kept) for one in found)
            whole = _of_board(board, everything, kept)
            tables.append(SlicedBoard(trait, facts, board, whole, slices))
        if first_only and tables:
            break
    if not tables:
        raise RunError("no metric has a value")
    return tables


def _explained(data: BoardData) -> list[Kept]:
    """List the instances that were explained."""
    done = {(row.clip_id, row.target) for row in data.explanations}
    return [one for one in data.manifest.kept if (one.clip_id, one.target) in done]


def _slice(data: BoardData, one: Bin, kept: Sequence[Kept]) -> Slice:
    """Make the board of some instances, without intervals and places if their clips are few."""
    own = [kept[place] for place in one.places]
    pairs = {(each.clip_id, each.target) for each in own}
    board = make_board(
        replace(
            data,
            manifest=replace(data.manifest, kept=tuple(own), skipped=()),
            scores=[row for row in data.scores if (row.clip_id, row.target) in pairs],
            explanations=[row for row in data.explanations if (row.clip_id, row.target) in pairs],
        )
    )
    return _of_board(board, one, kept)


def _of_board(board: Board, one: Bin, kept: Sequence[Kept]) -> Slice:
    n_clips = len({kept[place].clip_id for place in one.places})
    rows = {row.explainer: row for row in board.rows}
    if n_clips < FEW_CLIPS and one.label != "all":
        rows = {name: _bare(row) for name, row in rows.items()}
    return Slice(one, len(one.places), n_clips, rows)


def _bare(row: BoardRow) -> BoardRow:
    cells = tuple(replace(cell, low=float("nan"), high=float("nan")) for cell in row.cells)
    return replace(row, place=None, cells=cells)


def slice_boards(
    boards: Sequence[BoardData], by: str, *, bins: int = 3, first_only: bool = False
) -> tuple[list[SlicedBoard], list[str]]:
    """Cut every board that can be cut, and say why the others cannot.

    Raises
    ------
    RunError
        If none can.
    """
    tables: list[SlicedBoard] = []
    refused = []
    for data in boards:
        try:
            tables += sliced(data, by, bins=bins, first_only=first_only)
        except RunError as error:
            refused.append(f"{data.manifest.model} on {data.manifest.dataset}: {error}")
    if not tables:
        raise RunError(refused[0])
    return tables, refused


def published_slices(data: BoardData) -> list[SlicedBoard]:
    """Cut the ranking metric of a published board by each trait that tells its instances apart."""
    kept = _explained(data)
    if len({recording_of(one.clip_id) for one in kept}) < ENOUGH_CLIPS:
        return []
    tables: list[SlicedBoard] = []
    for by in PUBLISHED:
        try:
            if _tells_apart(bins_of(find_trait(by), kept, data.facts, 3), kept):
                tables += sliced(data, by, first_only=True)
        except RunError:  # no instance has the trait, or no metric a value
            continue
    return tables


def _tells_apart(bins: Sequence[Bin], kept: Sequence[Kept]) -> bool:
    """Say whether slices are few, and two or more of them have intervals."""
    clips = [{kept[place].clip_id for place in one.places} for one in bins]
    return len(bins) <= MOST_SLICES and sum(len(own) >= FEW_CLIPS for own in clips) >= 2


def widest_gap(table: SlicedBoard) -> Gap | None:
    """Find the largest difference between two slices of one explainer whose intervals are apart."""
    return max(_gaps(table), key=lambda one: one.size, default=None)


def _gaps(table: SlicedBoard) -> Iterator[Gap]:
    for row in table.board.rows:
        own = [one for one in table.slices if row.explainer in one.rows]
        for high, low in permutations(own, 2):
            if high.cell(row.explainer).low > low.cell(row.explainer).high:
                ends = (high, low) if table.metric.higher_is_better else (low, high)
                yield Gap(row.explainer, *ends)
