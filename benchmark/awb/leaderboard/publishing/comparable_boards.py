"""Which boards can be summed up together, and which explainers they have in common.

Nothing is averaged over what only some boards have. A pair of dataset and model takes part with the
manifest and settings that most submissions are for, if it ranks enough of the explainers that the
fullest board does: else one explainer on a new dataset would leave nothing in common.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from awb.harness.selection.manifest import Manifest
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import FULL_COVERAGE
from awb.leaderboard.boards.layout import Column, Layout
from awb.leaderboard.publishing.published_board import data_of
from awb.leaderboard.publishing.roles import roles
from awb.leaderboard.publishing.titles import board_title
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.verification.published_folder import paired
from awb.plugins.discovery import Registry

IndexArray = npt.NDArray[np.intp]

LOCALIZATION, MARGIN, DELETION = "roc-auc", "event-margin", "deletion-area"
WITHOUT_EVENTS, EVENTS_ALONE = "ff@annotated", "ff-in"
SUMMED = (LOCALIZATION, MARGIN, DELETION, WITHOUT_EVENTS, EVENTS_ALONE)
FULL_ENOUGH = 0.5
NEARLY_FULL = 0.75
"""Of the fullest board's explainers. Models are read through any good explainer, so half of them
will do; mean ranks ask for more, or one model without gradients would take all that need them away.
"""


@dataclass(frozen=True, slots=True, eq=False)
class SummaryBoard:
    """The scores of one board that summaries are made of.

    Attributes
    ----------
    name : str
        Of its page, without the ending.
    dataset, model : str
        Labels of the pair.
    manifest : Manifest
        The selection.
    planted : bool
        Whether the dataset planted its events, and this is the model that has learned them.
    control : bool
        Whether this is the model that has not: explainers should not point at the events for it.
    seed : int
        Of the run.
    baselines : frozenset of str
        Explainers that are there for comparison only.
    layout : Layout
        Where each explainer and instance stands.
    grids : mapping of str to np.ndarray, shape=(explainers, instances)
        Values of each metric in `SUMMED`; NaN where there is none.
    heading : str
        What people call the board; empty for its labels.
    """

    name: str
    dataset: str
    model: str
    manifest: Manifest
    planted: bool
    control: bool
    seed: int
    baselines: frozenset[str]
    layout: Layout = field(repr=False)
    grids: Mapping[str, FloatArray] = field(repr=False)
    heading: str = ""

    @property
    def title(self) -> str:
        """Model and dataset, as people call them."""
        return self.heading or f"{self.model} on {self.dataset}"

    def ranked(self, metric: str) -> list[str]:
        """Name the explainers that this board ranks by a metric, in alphabetical order."""
        full = Column.of(self.grids[metric]).full
        return sorted(
            name
            for row, name in enumerate(self.layout.names)
            if full[row] and self.layout.coverage[row] >= FULL_COVERAGE
            if name not in self.baselines
        )

    def common(self, metrics: Sequence[str], names: Sequence[str]) -> IndexArray:
        """Find the instances on which all these explainers have all these metrics."""
        rows = [self.layout.row[name] for name in names]
        cut = np.concatenate([self.grids[metric][rows] for metric in metrics])
        return np.flatnonzero(np.isfinite(cut).all(axis=0))

    def values(self, metric: str, names: Sequence[str], used: IndexArray) -> FloatArray:
        """Cut values out, ``shape=(instances, explainers)``; NaN for an explainer it has not."""
        cut = np.full((used.size, len(names)), math.nan)
        for column, name in enumerate(names):
            if name in self.layout.row:
                cut[:, column] = self.grids[metric][self.layout.row[name], used]
        return cut

    def clips(self, used: IndexArray) -> list[str]:
        """Name the clip of each of these instances."""
        return [self.layout.clips[index] for index in used]


@dataclass(frozen=True, slots=True)
class Comparable:
    """Boards that are summed up together.

    Attributes
    ----------
    boards : tuple of SummaryBoard
        In the order of their names.
    left_out : tuple of str
        Other boards, and why they do not take part.
    """

    boards: tuple[SummaryBoard, ...]
    left_out: tuple[str, ...]

    def ranking(self, share: float) -> Comparable:
        """Leave out the boards that rank too few explainers."""
        counts = [len(board.ranked(LOCALIZATION)) for board in self.boards]
        fullest = max(counts, default=0)
        full, left_out = [], list(self.left_out)
        for board, count in zip(self.boards, counts, strict=True):
            if count >= share * fullest:
                full.append(board)
            else:
                left_out.append(f"{board.title}: ranks {count} explainers, the fullest {fullest}")
        return Comparable(tuple(full), tuple(left_out))

    def common(self, metrics: Sequence[str]) -> list[str]:
        """Name the explainers that every board ranks by every one of these metrics."""
        found = [set(board.ranked(metric)) for board in self.boards for metric in metrics]
        return sorted(set.intersection(*found)) if found else []


def comparable(submitted: Iterable[Submitted], registry: Registry) -> Comparable:
    """Choose the boards that take part in summaries."""
    boards, left_out = [], []
    for name, groups in paired(submitted).items():
        board = _board(name, next(iter(groups.values())), registry)
        if board.ranked(LOCALIZATION) and board.ranked(DELETION):
            boards.append(board)
        else:
            left_out.append(f"{board.title}: no explainer has both {LOCALIZATION} and {DELETION}")
    return Comparable(tuple(boards), tuple(left_out)).ranking(FULL_ENOUGH)


def _board(name: str, group: Sequence[Submitted], registry: Registry) -> SummaryBoard:
    data = data_of(group, registry)
    layout = Layout(data.explanations)
    return SummaryBoard(
        name,
        data.manifest.dataset,
        data.manifest.model,
        data.manifest,
        *roles(group[0].record, registry),
        data.seed,
        data.baselines,
        layout,
        {metric: layout.grid(data.scores, metric) for metric in SUMMED},
        board_title(group[0].record, registry),
    )
