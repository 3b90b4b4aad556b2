"""Which boards can be summarized together, and which explainers they have in common.

Nothing is averaged over what only some boards have. Each (dataset, model) pair is represented by
its board with the most submissions, provided that it ranks enough explainers compared with the
fullest board: otherwise a single explainer on a new dataset would leave nothing in common.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from awb.data.instance_kinds import only_hits
from awb.errors import UndefinedScoreError
from awb.harness.selection.manifest import Manifest
from awb.harness.storage.score_table import ScoreTable
from awb.harness.storage.store import ScoreRow
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import FULL_COVERAGE
from awb.leaderboard.boards.layout import Layout, share_of_values
from awb.leaderboard.publishing.published_board import data_of
from awb.leaderboard.publishing.roles import roles
from awb.leaderboard.publishing.titles import board_title
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.verification.published_folder import paired
from awb.leaderboard.verification.recomputation import stored_scoring
from awb.metrics import EVENT_RANK_MARGIN, event_rank_margin
from awb.plugins.discovery import Registry

IndexArray = npt.NDArray[np.intp]

LOCALIZATION, MARGIN, DELETION = "roc-auc", EVENT_RANK_MARGIN.name, "deletion-area"
WITHOUT_EVENTS, EVENTS_ALONE = "ff@annotated", "ff-in"
SUMMED = (LOCALIZATION, MARGIN, DELETION, WITHOUT_EVENTS, EVENTS_ALONE)
FULL_ENOUGH = 0.5
NEARLY_FULL = 0.75
"""Required fractions of the fullest board's explainers. The summary over models can use any good
explainer, so half of them are enough; mean ranks require more, since otherwise one model without
gradients would exclude every explainer that needs them.
"""


@dataclass(frozen=True, slots=True, eq=False)
class SummaryBoard:
    """The scores of one board that the summaries use."""

    name: str  # of its page, without the suffix
    dataset: str
    model: str
    manifest: Manifest
    planted: bool  # the dataset planted the events, and this model has learned them
    control: bool  # this model has not: explainers should not point at the events
    seed: int
    baselines: frozenset[str]
    layout: Layout = field(repr=False)
    # By metric of SUMMED: shape (explainers, instances), NaN where there is no value.
    grids: Mapping[str, FloatArray] = field(repr=False)
    heading: str = ""  # a readable title; if empty, the labels are used
    references: frozenset[str] = frozenset()  # not ranked either

    @property
    def title(self) -> str:
        """The readable title of the board."""
        return self.heading or f"{self.model} on {self.dataset}"

    def ranked(self, metric: str) -> list[str]:
        """List the explainers that this board ranks by a metric, sorted by name."""
        _, share = share_of_values(self.grids[metric], self.layout.names, self.baselines)
        return sorted(
            name
            for row, name in enumerate(self.layout.names)
            if share[row] >= FULL_COVERAGE and self.layout.coverage[row] >= FULL_COVERAGE
            if name not in self.baselines | self.references
        )

    def common(self, metrics: Sequence[str], names: Sequence[str]) -> IndexArray:
        """Find the instances on which all these explainers have values of all these metrics."""
        rows = [self.layout.row[name] for name in names]
        cut = np.concatenate([self.grids[metric][rows] for metric in metrics])
        return np.flatnonzero(np.isfinite(cut).all(axis=0))

    def values(self, metric: str, names: Sequence[str], used: IndexArray) -> FloatArray:
        """Select values, ``shape=(instances, explainers)``; NaN for unknown explainers."""
        cut = np.full((used.size, len(names)), math.nan)
        for column, name in enumerate(names):
            if name in self.layout.row:
                cut[:, column] = self.grids[metric][self.layout.row[name], used]
        return cut

    def clips(self, used: IndexArray) -> list[str]:
        """Return the clip of each of these instances."""
        return [self.layout.clips[index] for index in used]


@dataclass(frozen=True, slots=True)
class Comparable:
    """The boards that are summarized together, in the order of their names."""

    boards: tuple[SummaryBoard, ...]
    left_out: tuple[str, ...]  # the other boards, and why they are excluded

    def ranking(self, share: float) -> Comparable:
        """Leave out the boards that rank less than this share of the fullest board's explainers."""
        counts = [len(board.ranked(LOCALIZATION)) for board in self.boards]
        fullest = max(counts, default=0)
        full, left_out = [], list(self.left_out)
        for board, count in zip(self.boards, counts, strict=True):
            if count >= share * fullest:
                full.append(board)
            else:
                left_out.append(
                    f"{board.title}: ranks {count} explainers, the fullest board {fullest}"
                )
        return Comparable(tuple(full), tuple(left_out))

    def common(self, metrics: Sequence[str]) -> list[str]:
        """List the explainers that every board ranks by every one of these metrics."""
        found = [set(board.ranked(metric)) for board in self.boards for metric in metrics]
        return sorted(set.intersection(*found)) if found else []


def comparable(submitted: Iterable[Submitted], registry: Registry) -> Comparable:
    """Choose the boards that are summarized: of hits."""
    boards, left_out = [], []
    for name, groups in paired(only_hits(submitted)).items():
        board = _board(name, next(iter(groups.values())), registry)
        if board.ranked(LOCALIZATION) and board.ranked(DELETION):
            boards.append(board)
        else:
            left_out.append(f"{board.title}: no explainer has both {LOCALIZATION} and {DELETION}")
    return Comparable(tuple(boards), tuple(left_out)).ranking(FULL_ENOUGH)


def _board(name: str, group: Sequence[Submitted], registry: Registry) -> SummaryBoard:
    data = data_of(group, registry)
    margins = list(_margins(group))
    scores = ScoreTable([*data.scores, *margins]) if margins else data.scores
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
        {metric: layout.grid(scores, metric) for metric in SUMMED},
        board_title(group[0].record, registry),
        data.references,
    )


def _margins(group: Sequence[Submitted]) -> Iterator[ScoreRow]:
    """Compute the margin from the published relevance, where the submission is older than it."""
    for one in group:
        record = one.record
        if MARGIN in record.scores:
            continue
        for row, relevance in zip(record.instances, one.relevance, strict=True):
            if relevance is None:
                continue
            spans = np.asarray(one.kept[row.clip_id, row.target].intervals_s, dtype=np.float64)
            where = (row.clip_id, row.target)
            scoring = stored_scoring(record, *where, relevance, spans, one.segments(row))
            value, reason = math.nan, ""
            try:
                value = event_rank_margin(relevance, scoring.event_coverage)
            except UndefinedScoreError as error:
                reason = str(error)
            labels = (record.dataset.label, record.model.label, record.name)
            yield ScoreRow(*labels, *where, MARGIN, value, reason)
