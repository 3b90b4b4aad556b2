"""Data of boards for reports, figures and the site: rows, relevance and instances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from awb.errors import UnknownNameError, did_you_mean
from awb.harness.selection.manifest import Kept
from awb.harness.steps import steps
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.score_table import by_explanation
from awb.harness.unit.record import at_budget
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import BoardData, make_board, read_boards, shown_metrics
from awb.leaderboard.formats.text import limit_text
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry

Place = tuple[str, str]
"""Clip and target."""

NOTHING_TO_SEE = "awb show RUN reports why; awb resume RUN finishes an interrupted run"


@dataclass(frozen=True, slots=True, eq=False)
class ExplanationView:
    """One explanation of an instance: relevance per cell, scores by metric, and model calls."""

    explainer: str
    baseline: bool
    relevance: FloatArray
    scores: Mapping[str, float]
    calls: int
    uncertainty: FloatArray | None = None  # standard error of each cell's relevance


@dataclass(frozen=True, slots=True)
class InstanceView:
    """One instance with its explanations, sorted by the first metric, best first.

    `level` is the mean of the first metric over explainers other than baselines, NaN if there is
    none; `edges_s` are the edges of the cells, if they are known without the audio.
    """

    dataset: str
    model: str
    kept: Kept
    explanations: tuple[ExplanationView, ...]
    level: float
    edges_s: tuple[float, ...] = field(default=(), repr=False)

    @property
    def dataset_name(self) -> str:
        """Name of the dataset without its settings, as used in random keys."""
        return self.dataset.partition(":")[0]

    @property
    def name(self) -> str:
        """Name as typed by users: ``CLIP/TARGET``."""
        return f"{self.kept.clip_id}/{self.kept.target}"


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board with its underlying rows, its main metrics, and its instances, the worst first."""

    board: Board
    data: BoardData
    headline: tuple[str, ...]
    instances: tuple[InstanceView, ...] = field(repr=False)
    hop_s: float = 0.1

    @property
    def first(self) -> MetricFacts:
        """The ranking metric."""
        return self.board.metrics[0]

    def instance(self, text: str) -> InstanceView:
        """Find an instance by ``CLIP/TARGET``, by a clip with a single one, or by number from 1."""
        if text.isdigit() and 1 <= int(text) <= len(self.instances):
            return self.instances[int(text) - 1]
        names = {one.name: one for one in self.instances}
        if not names:
            raise UnknownNameError(
                f"{label_of(self.board)} has no instance to show. {NOTHING_TO_SEE}"
            )
        if text in names:
            return names[text]
        fitting = [name for name, one in names.items() if text == one.kept.clip_id]
        if len(fitting) == 1:
            return names[fitting[0]]
        if fitting:
            raise UnknownNameError(
                f"clip {text} has {len(fitting)} instances; type one of: {', '.join(fitting)}"
            )
        hint = did_you_mean(text, {*names, *(one.kept.clip_id for one in self.instances)})
        if "mean" not in hint:
            few = ", ".join(list(names)[:3])
            hint = f" Type a number from 1 to {len(names)}, or a name such as {few}."
        raise UnknownNameError(f"{label_of(self.board)} has no instance {text!r}.{hint}")


def read_views(folder: RunFolder, registry: Registry) -> list[BoardView]:
    """Read the boards of a run, finished or not, with all their data except audio."""
    headline = [facts.name for facts in shown_metrics(folder, registry, None)]
    hop_s = folder.config().segment_hop_s
    views = []
    for found in steps(read_boards(folder, registry, columns=["all"]), "Comparing explainers"):
        ordered = sorted(found.metrics, key=lambda facts: _position(facts.name, headline))
        data = replace(found, metrics=ordered)
        pair, store = (data.manifest.dataset, data.manifest.model), folder.store()
        stored, errors = store.relevances(*pair), store.uncertainties(*pair)
        board = make_board(data)
        views.append(make_view(data, board, headline, stored, hop_s=hop_s, uncertainties=errors))
    return views


def _position(name: str, headline: Sequence[str]) -> int:
    return headline.index(name) if name in headline else len(headline)


def make_view(
    data: BoardData,
    board: Board,
    headline: Sequence[str],
    stored: Mapping[Place, Mapping[str, FloatArray]],
    *,
    hop_s: float,
    edges_s: Mapping[Place, Sequence[float]] | None = None,
    uncertainties: Mapping[Place, Mapping[str, FloatArray]] | None = None,
) -> BoardView:
    """Combine a board, its rows and the stored relevance, under the names of the board.

    Main metrics that the board omits, such as localization without annotated times, are omitted
    here, too.
    """
    names = [facts.name for facts in board.metrics]
    main = tuple(name for name in headline if name in names) or tuple(names)
    rows = replace(data, metrics=list(board.metrics))
    errors = under_board_names(uncertainties or {}, rows)
    instances = instances_of(rows, under_board_names(stored, rows), edges_s, errors)
    return BoardView(board, rows, main, tuple(instances), hop_s)


def under_board_names(
    stored: Mapping[Place, Mapping[str, FloatArray]], data: BoardData
) -> dict[Place, dict[str, FloatArray]]:
    """Select the arrays of a board's explainers, and remove budgets from the stored names.

    A run with budgets stores ``random-forest@300``; the board of 300 calls shows ``random-forest``.
    """
    shown = {row.explainer for row in data.explanations}
    own = "" if data.budget is None else at_budget("", data.budget)
    found: dict[Place, dict[str, FloatArray]] = {}
    for place, arrays in stored.items():
        named = {name.removesuffix(own): values for name, values in arrays.items()}
        kept = {name: values for name, values in named.items() if name in shown}
        if kept:
            found[place] = kept
    return found


def label_of(board: Board) -> str:
    """Name a board uniquely within its run."""
    return f"{board.model} on {board.dataset}{limit_text(board.budget)}"


def find_board(views: Sequence[BoardView], number: int) -> BoardView:
    """Return a board by its number from 1."""
    if 1 <= number <= len(views):
        return views[number - 1]
    known = ", ".join(f"{place} {label_of(view.board)}" for place, view in enumerate(views, 1))
    raise UnknownNameError(f"the run has no board {number}. Known: {known}")


def instances_of(
    data: BoardData,
    relevances: Mapping[Place, Mapping[str, FloatArray]],
    edges_s: Mapping[Place, Sequence[float]] | None = None,
    uncertainties: Mapping[Place, Mapping[str, FloatArray]] | None = None,
) -> list[InstanceView]:
    """Combine relevance and scores of every finished instance, the worst level first.

    Relevance is indexed by clip and target, then by the explainer's name on the board.
    """
    scores = by_explanation(data.scores)
    calls = {(row.clip_id, row.target, row.explainer): row.calls for row in data.explanations}
    first = data.metrics[0]
    sign = 1.0 if first.higher_is_better else -1.0
    found = []
    for kept in data.manifest.kept:
        pair = (kept.clip_id, kept.target)
        views = [
            ExplanationView(
                name,
                name in data.compared_with,
                relevance,
                scores.get((*pair, name), {}),
                calls[(*pair, name)],
                (uncertainties or {}).get(pair, {}).get(name),
            )
            for name, relevance in relevances.get(pair, {}).items()
        ]
        views.sort(key=lambda view: _order(sign * view.scores.get(first.name, math.nan)))
        if views:
            found.append(
                InstanceView(
                    data.manifest.dataset,
                    data.manifest.model,
                    kept,
                    tuple(views),
                    _level(views, first.name),
                    tuple((edges_s or {}).get(pair, ())),
                )
            )
    found.sort(key=lambda view: (-_order(sign * view.level), view.kept.clip_id, view.kept.target))
    return found


def _order(goodness: float) -> float:
    """Sort key: best first, missing values last."""
    return math.inf if math.isnan(goodness) else -goodness


def _level(views: Sequence[ExplanationView], metric: str) -> float:
    values = np.array([view.scores.get(metric, math.nan) for view in views if not view.baseline])
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else math.nan


def extremes(instances: Sequence[InstanceView], count: int) -> list[InstanceView]:
    """Choose at most `count` instances in order: half from the worst, half from the best."""
    if count >= len(instances):
        return list(instances)
    worst = math.ceil(count / 2)
    best = count - worst
    return [*instances[:worst], *instances[len(instances) - best :]]
