"""Summary over models: who is right for the right reasons?

Localization alone does not say where a model looks: a poor explainer misses what a good model uses,
and a detector of loud sounds would find events for a model that is deaf to them. So each model is
read through the explainers that are faithful to it, the quarter of the common ones whose deletion
area is the lowest. They are chosen on the *other* clips and read on each clip in turn, so that
choosing does not flatter them. Beside that stands an intervention that needs no explainer: how far
the model's probability falls without the labelled audio, and with nothing but it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.data.skipped import LOW_SCORE
from awb.intervals import FloatArray
from awb.leaderboard.publishing.comparable_boards import (
    DELETION,
    EVENTS_ALONE,
    LOCALIZATION,
    MARGIN,
    WITHOUT_EVENTS,
    Comparable,
    IndexArray,
    SummaryBoard,
)
from awb.randomness import RandomKey
from awb.statistics import Interval, cluster_bootstrap

CHANCE = 0.5
COMMON = (LOCALIZATION, MARGIN, DELETION)
_EMPTY = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """What the published explanations say of one model on one dataset.

    Intervals are 95 %, over clips.

    Attributes
    ----------
    board : SummaryBoard
        Where it comes from.
    n_instances, n_clips : int
        Instances on which all common explainers have their scores, and their clips.
    n_missed : int
        Labelled (clip, target) pairs that the model did not recognise; these are not explained.
    probability : float
        Mean probability of the target over the kept instances, in [0, 1].
    without_events, without_random : Interval
        Fall of the target's probability without the labelled segments, and without as many random
        ones, in [-1, 1].
    events_matter : Interval
        The first minus the second, paired.
    events_alone : Interval
        Fall of the probability when nothing but the labelled segments is heard, in [-1, 1].
    deletion, deletion_random : Interval
        Deletion area of the faithful explainers and of `random`; lower is more faithful.
    advantage : Interval
        The second minus the first, paired.
    localization, margin : Interval
        ROC-AUC and min-max margin of the faithful explainers.
    typical : Interval
        ROC-AUC, mean of all common explainers.
    energy : Interval
        ROC-AUC of `energy`: what loudness alone would reach.
    """

    board: SummaryBoard
    n_instances: int
    n_clips: int
    n_missed: int
    probability: float
    without_events: Interval
    without_random: Interval
    events_matter: Interval
    events_alone: Interval
    deletion: Interval
    deletion_random: Interval
    advantage: Interval
    localization: Interval
    margin: Interval
    typical: Interval
    energy: Interval

    @property
    def verdict(self) -> str:
        """Say where the model looks, as far as the intervals allow.

        "At the events" takes two kinds of evidence that know nothing of each other: faithful
        explainers point there, and the probability falls without them.
        """
        if not self.advantage.low > 0:
            return "cannot say: explainers are no more faithful than random"
        if self.localization.low > CHANCE and self.events_matter.low > 0:
            return "at the events"
        if self.localization.high < CHANCE:
            return "away from the events"
        return "not seen to look at the events"


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """All models, and how each common explainer localizes for each.

    Attributes
    ----------
    explainers : tuple of str
        Those that every board ranks by ROC-AUC, margin and deletion area.
    n_faithful : int
        How many of them speak for a model.
    rows : tuple of ModelRow
        One a board.
    means : dict of str to dict of str to tuple of Interval
        For ROC-AUC and margin, by explainer (`oracle` and `energy` too, where they are), one
        interval a board.
    left_out : tuple of str
        Boards that do not take part, and why.
    """

    explainers: tuple[str, ...]
    n_faithful: int
    rows: tuple[ModelRow, ...]
    means: dict[str, dict[str, tuple[Interval, ...]]]
    left_out: tuple[str, ...]


def summarize_models(found: Comparable) -> ModelSummary | None:
    """Sum up what explainers say of each model."""
    names = found.common(COMMON)
    if not names:
        return None
    n_faithful = math.ceil(len(names) / 4)
    rows = tuple(_row(board, names, n_faithful) for board in found.boards)
    shown = [*names, *(name for name in ("oracle", "energy") if _everywhere(name, found.boards))]
    means = {
        metric: {
            name: tuple(
                _one(board, metric, name, board.common(COMMON, names)) for board in found.boards
            )
            for name in shown
        }
        for metric in (LOCALIZATION, MARGIN)
    }
    return ModelSummary(tuple(names), n_faithful, rows, means, found.left_out)


def _everywhere(name: str, boards: Sequence[SummaryBoard]) -> bool:
    return all(name in board.layout.row for board in boards)


def chosen_elsewhere(
    criterion: npt.ArrayLike, clips: Sequence[str], count: int
) -> npt.NDArray[np.bool_]:
    """For each clip choose the explainers that are the lowest on the other clips.

    Examples
    --------
    >>> chosen_elsewhere([[0.1, 0.2], [0.9, 0.2]], ["a", "b"], 1).tolist()
    [[False, True], [True, False]]
    """
    values, names = np.asarray(criterion, dtype=np.float64), np.asarray(clips)
    chosen = np.ones(values.shape, dtype=bool)
    for clip in np.unique(names):
        here = names == clip
        if here.all():
            break
        order = np.argsort(values[~here].mean(axis=0), kind="stable")
        chosen[np.ix_(here, order[count:])] = False
    return chosen


def _row(board: SummaryBoard, names: Sequence[str], n_faithful: int) -> ModelRow:
    """Read one model through the explainers that are faithful to it."""
    used = board.common(COMMON, names)
    clips = board.clips(used)
    deletion = board.values(DELETION, names, used)
    chosen = chosen_elsewhere(deletion, clips, n_faithful)
    random = board.values(DELETION, ["random"], used)[:, 0]

    def faithful(metric: str) -> FloatArray:
        values = board.values(metric, names, used)
        return np.asarray((values * chosen).sum(axis=1) / chosen.sum(axis=1))

    def interval(values: FloatArray, of: str) -> Interval:
        return _interval(values, clips, RandomKey((board.seed, "models", of)))

    falls = [board.values(WITHOUT_EVENTS, [name], used) for name in ("oracle", "random")]
    kept = board.manifest.kept
    scores = np.array([one.score for one in kept], dtype=np.float64)
    return ModelRow(
        board,
        len(clips),
        len(set(clips)),
        sum(one.reason == LOW_SCORE for one in board.manifest.skipped),
        float(np.mean(1 / (1 + np.exp(-scores)))) if kept else math.nan,
        _one(board, WITHOUT_EVENTS, "oracle", used),
        _one(board, WITHOUT_EVENTS, "random", used),
        interval(np.subtract(*(value[:, 0] for value in falls)), "events matter"),
        _one(board, EVENTS_ALONE, "oracle", used),
        interval(faithful(DELETION), "deletion"),
        interval(random, "deletion of random"),
        interval(random - faithful(DELETION), "advantage"),
        interval(faithful(LOCALIZATION), "localization"),
        interval(faithful(MARGIN), "margin"),
        interval(board.values(LOCALIZATION, names, used).mean(axis=1), "typical"),
        _one(board, LOCALIZATION, "energy", used),
    )


def _one(board: SummaryBoard, metric: str, name: str, used: IndexArray) -> Interval:
    """Average one explainer over these instances."""
    key = RandomKey((board.seed, "models", metric, name))
    return _interval(board.values(metric, [name], used)[:, 0], board.clips(used), key)


def _interval(values: FloatArray, clips: Sequence[str], key: RandomKey) -> Interval:
    """Average with an interval over clips; nothing where a value is missing."""
    if not values.size or not np.isfinite(values).all():
        return _EMPTY
    return cluster_bootstrap(values, list(clips), rng=key.generator("resamples"))
