"""Summary over models: which models are right for the right reasons?

Localization alone does not show where a model looks: a poor explainer misses what a good model
uses, and a detector of loud sounds would find events for a model that ignores them. So each model
is judged by the explainers that are most faithful to it: the quarter of the common explainers with
the lowest deletion area. To avoid selection bias, they are chosen for each clip on the *other*
clips. An intervention complements this without any explainer: how far the model's probability falls
without the labelled audio, and with only the labelled audio.
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
from awb.statistics import Interval, difference_intervals, mean_interval

CHANCE = 0.5
AT_EVENTS = "at the events"
COMMON = (LOCALIZATION, MARGIN, DELETION)
_LOWEST = {LOCALIZATION: 0, MARGIN: -1, DELETION: 0, WITHOUT_EVENTS: -1, EVENTS_ALONE: -1}
_EMPTY = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """What the published explanations show about one model on one dataset.

    Intervals are 95 %, over clips. Falls of the target's probability are in [-1, 1].
    """

    board: SummaryBoard
    n_instances: int  # on which all common explainers have scores
    n_clips: int  # of these instances
    n_missed: int  # labelled (clip, target) pairs that the model missed; these are not explained
    probability: float  # mean probability of the target over the kept instances
    without_events: Interval  # fall of the probability without the labelled segments
    without_random: Interval  # fall without as many random segments
    events_matter: Interval  # paired difference: without_events - without_random
    events_alone: Interval  # fall with only the labelled segments
    deletion: Interval  # deletion area of the faithful explainers; lower is more faithful
    deletion_random: Interval  # deletion area of `random`
    advantage: Interval  # paired difference: deletion_random - deletion
    localization: Interval  # ROC-AUC of the faithful explainers
    margin: Interval  # rank margin of the faithful explainers
    typical: Interval  # mean ROC-AUC of all common explainers
    energy: Interval  # ROC-AUC of `energy`, which loudness alone reaches

    @property
    def verdict(self) -> str:
        """Say where the model looks, as far as the intervals allow.

        "At the events" requires two independent kinds of evidence: faithful explainers point there,
        and the probability falls without them.
        """
        if not self.advantage.low > 0:
            return "cannot say: explainers are no more faithful than random"
        if self.localization.low > CHANCE and self.events_matter.low > 0:
            return AT_EVENTS
        if self.localization.high < CHANCE:
            return "away from the events"
        return "not shown to look at the events"


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """All models, and how well each common explainer localizes for each of them."""

    explainers: tuple[str, ...]  # ranked on every board by ROC-AUC, margin and deletion area
    n_faithful: int  # how many of them a model is judged by
    rows: tuple[ModelRow, ...]  # one per board
    # By metric (ROC-AUC, margin) and explainer (also `oracle` and `energy`, if all boards have
    # them): one interval per board.
    means: dict[str, dict[str, tuple[Interval, ...]]]
    left_out: tuple[str, ...]  # the boards that are excluded, and why


def summarize_models(found: Comparable) -> ModelSummary | None:
    """Summarize what the explanations show about each model."""
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
    """For each clip, choose the explainers with the lowest means on the other clips.

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
    """Judge one model by the explainers that are faithful to it."""
    used = board.common(COMMON, names)
    clips = board.clips(used)
    deletion = board.values(DELETION, names, used)
    chosen = chosen_elsewhere(deletion, clips, n_faithful)
    random = board.values(DELETION, ["random"], used)[:, 0]

    def faithful(metric: str) -> FloatArray:
        values = board.values(metric, names, used)
        return np.asarray((values * chosen).sum(axis=1) / chosen.sum(axis=1))

    def interval(metric: str, values: FloatArray, of: str) -> Interval:
        return _interval(metric, values, clips, RandomKey((board.seed, "models", of)))

    def difference(metric: str, values: FloatArray, of: str) -> Interval:
        return _difference(metric, values, clips, RandomKey((board.seed, "models", of)))

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
        difference(WITHOUT_EVENTS, np.hstack(falls), "events matter"),
        _one(board, EVENTS_ALONE, "oracle", used),
        interval(DELETION, faithful(DELETION), "deletion"),
        interval(DELETION, random, "deletion of random"),
        difference(DELETION, np.column_stack([random, faithful(DELETION)]), "advantage"),
        interval(LOCALIZATION, faithful(LOCALIZATION), "localization"),
        interval(MARGIN, faithful(MARGIN), "margin"),
        interval(LOCALIZATION, board.values(LOCALIZATION, names, used).mean(axis=1), "typical"),
        _one(board, LOCALIZATION, "energy", used),
    )


def _one(board: SummaryBoard, metric: str, name: str, used: IndexArray) -> Interval:
    """Average the scores of one explainer over these instances."""
    key = RandomKey((board.seed, "models", metric, name))
    return _interval(metric, board.values(metric, [name], used)[:, 0], board.clips(used), key)


def _interval(metric: str, values: FloatArray, clips: Sequence[str], key: RandomKey) -> Interval:
    """Average with an interval over clips; NaN if a value is missing."""
    if not values.size or not np.isfinite(values).all():
        return _EMPTY
    return mean_interval(
        values, list(clips), lowest=_LOWEST[metric], highest=1, rng=key.generator("resamples")
    )


def _difference(metric: str, values: FloatArray, clips: Sequence[str], key: RandomKey) -> Interval:
    """Average the difference of two columns with an interval; NaN if a value is missing."""
    if not values.size or not np.isfinite(values).all():
        return _EMPTY
    (found,) = difference_intervals(
        values, [(0, 1)], list(clips), lowest=_LOWEST[metric], highest=1,
        rng=key.generator("resamples"),
    )  # fmt: skip
    return found
