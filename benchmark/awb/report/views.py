"""What a report, a figure or a video needs to know of a run: boards, and instances to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from awb.errors import UnknownNameError, did_you_mean
from awb.harness.selection.manifest import Kept
from awb.harness.storage.run_folder import RunFolder
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import BoardData, make_board, read_boards
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry


@dataclass(frozen=True, slots=True, eq=False)
class ExplanationView:
    """One explanation of an instance.

    Attributes
    ----------
    explainer : str
        Its label.
    baseline : bool
        Whether it is there for comparison only.
    relevance : np.ndarray, shape=(cells,)
        Relevance on the grid of cells.
    scores : mapping of str to float
        By metric; NaN where there is none.
    calls : int
        Model calls asked for.
    """

    explainer: str
    baseline: bool
    relevance: FloatArray
    scores: Mapping[str, float]
    calls: int


@dataclass(frozen=True, slots=True)
class InstanceView:
    """One instance with its explanations, the best by the first metric first.

    Attributes
    ----------
    dataset, model : str
        Labels of its board.
    kept : Kept
        Clip, target, events and score.
    explanations : tuple of ExplanationView
        Those that did not fail.
    level : float
        Mean of the first metric over explainers that are no baselines; NaN where there is none.
    edges_s : tuple of float
        Where cells begin and end, in seconds, as far as it is known without the audio.
    """

    dataset: str
    model: str
    kept: Kept
    explanations: tuple[ExplanationView, ...]
    level: float
    edges_s: tuple[float, ...] = field(default=(), repr=False)

    @property
    def dataset_name(self) -> str:
        """Name of the dataset without its settings, as random keys have it."""
        return self.dataset.partition(":")[0]

    @property
    def name(self) -> str:
        """How a person would type it: ``CLIP/TARGET``."""
        return f"{self.kept.clip_id}/{self.kept.target}"


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board with everything behind it.

    Attributes
    ----------
    board : Board
        Places and means, every metric of the run; the first one ranks.
    data : BoardData
        The rows of which it was made.
    headline : tuple of str
        The metrics that matter most, in order; the first one ranks.
    instances : tuple of InstanceView
        Every finished instance, the worst level first.
    hop_s : float
        Length of a cell of the relevance, in seconds.
    """

    board: Board
    data: BoardData
    headline: tuple[str, ...]
    instances: tuple[InstanceView, ...] = field(repr=False)
    hop_s: float = 0.1

    @property
    def first(self) -> MetricFacts:
        """The metric that ranks."""
        return self.board.metrics[0]

    def instance(self, text: str) -> InstanceView:
        """Find an instance by what a person would type.

        Parameters
        ----------
        text : str
            ``CLIP/TARGET``, the clip alone where it has one instance, or a number from 1 in the
            order of the report.

        Returns
        -------
        InstanceView
            The instance.

        Raises
        ------
        UnknownNameError
            If there is none, or more than one.
        """
        if text.isdigit() and 1 <= int(text) <= len(self.instances):
            return self.instances[int(text) - 1]
        names = {one.name: one for one in self.instances}
        if not names:
            raise UnknownNameError(
                f"{self.board.model} on {self.board.dataset} has no finished instance"
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
        raise UnknownNameError(
            f"{self.board.model} on {self.board.dataset} has no instance {text!r}.{hint}"
        )


def read_views(folder: RunFolder, registry: Registry) -> list[BoardView]:
    """Read everything of a run but the audio.

    Parameters
    ----------
    folder : RunFolder
        The run, finished or not.
    registry : Registry
        What is installed: facts about metrics and explainers come from there.

    Returns
    -------
    list of BoardView
        One a (dataset, model) pair, in the order of the run.

    Raises
    ------
    RunError
        If the run has no results yet.
    """
    headline = read_boards(folder, registry)[0].metrics
    main = [facts.name for facts in headline]
    hop_s = folder.config().segment_hop_s
    views = []
    for data in read_boards(folder, registry, columns=["all"]):
        rest = [facts for facts in data.metrics if facts.name not in main]
        ordered = BoardData(
            data.manifest,
            data.scores,
            data.explanations,
            [*headline, *rest],
            data.baselines,
            data.seed,
        )
        relevances = folder.store().relevances(data.manifest.dataset, data.manifest.model)
        instances = instances_of(ordered, relevances)
        views.append(BoardView(make_board(ordered), ordered, tuple(main), tuple(instances), hop_s))
    return views


def find_board(views: Sequence[BoardView], number: int) -> BoardView:
    """Return a board by its number from 1.

    Parameters
    ----------
    views : sequence of BoardView
        Those of a run.
    number : int
        Which.

    Returns
    -------
    BoardView
        The board.

    Raises
    ------
    UnknownNameError
        If there is no such board.
    """
    if 1 <= number <= len(views):
        return views[number - 1]
    known = ", ".join(
        f"{place} {view.board.model} on {view.board.dataset}" for place, view in enumerate(views, 1)
    )
    raise UnknownNameError(f"the run has no board {number}. Known: {known}")


def instances_of(
    data: BoardData,
    relevances: Mapping[tuple[str, str], Mapping[str, FloatArray]],
    edges_s: Mapping[tuple[str, str], Sequence[float]] | None = None,
) -> list[InstanceView]:
    """Put relevance and scores of every finished instance together.

    Parameters
    ----------
    data : BoardData
        Rows of the board; its first metric ranks.
    relevances : mapping of (str, str) to mapping of str to np.ndarray
        By clip and target, then by explainer, ``shape=(cells,)``.
    edges_s : mapping of (str, str) to sequence of float, or None
        Edges of the cells in seconds, where they are known without the audio.

    Returns
    -------
    list of InstanceView
        The worst level first.
    """
    scores: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in data.scores:
        scores.setdefault((row.clip_id, row.target, row.explainer), {})[row.metric] = row.value
    calls = {(row.clip_id, row.target, row.explainer): row.calls for row in data.explanations}
    first = data.metrics[0]
    sign = 1.0 if first.higher_is_better else -1.0
    found = []
    for kept in data.manifest.kept:
        pair = (kept.clip_id, kept.target)
        views = [
            ExplanationView(
                name,
                name in data.baselines,
                relevance,
                scores.get((*pair, name), {}),
                calls[(*pair, name)],
            )
            for name, relevance in relevances.get(pair, {}).items()
        ]
        views.sort(key=lambda view: _place(sign * view.scores.get(first.name, math.nan)))
        if views:
            level = _level(views, first.name)
            found.append(
                InstanceView(
                    data.manifest.dataset,
                    data.manifest.model,
                    kept,
                    tuple(views),
                    level,
                    tuple((edges_s or {}).get(pair, ())),
                )
            )
    found.sort(key=lambda view: (-_place(sign * view.level), view.kept.clip_id, view.kept.target))
    return found


def _place(goodness: float) -> float:
    """Sort the best first and what has no value last."""
    return math.inf if math.isnan(goodness) else -goodness


def _level(views: Sequence[ExplanationView], metric: str) -> float:
    values = np.array([view.scores.get(metric, math.nan) for view in views if not view.baseline])
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else math.nan


def extremes(instances: Sequence[InstanceView], count: int) -> list[InstanceView]:
    """Choose the worst and the best instances, in equal shares.

    Parameters
    ----------
    instances : sequence of InstanceView
        The worst first.
    count : int
        How many, at least 0.

    Returns
    -------
    list of InstanceView
        At most so many, the worst first.
    """
    if count >= len(instances):
        return list(instances)
    worst = math.ceil(count / 2)
    best = count - worst
    return [*instances[:worst], *instances[len(instances) - best :]]
