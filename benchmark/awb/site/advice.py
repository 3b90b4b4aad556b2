"""Which explainer to take, by what the model gives and what may be spent: from all boards together.

As ``awb recommend`` does for one model, explainers within a budget are ranked by `LOCALIZATION` and
by `DELETION`; for both at once, those that either interval leaves in the lead are compared by the
sum of their two mean ranks, and where there are none, all are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from awb.leaderboard.boards.recommendation import BUDGETS
from awb.leaderboard.publishing.comparable_boards import (
    DELETION,
    LOCALIZATION,
    Comparable,
    SummaryBoard,
)
from awb.randomness import RandomKey
from awb.specs import ExplainerSpec
from awb.statistics import RankInterval, compare_across

Specs = Mapping[str, ExplainerSpec]
"""By the name of the row; a row whose plugin is not installed is missing."""


@dataclass(frozen=True, slots=True)
class Leader:
    """The explainer with the best mean rank by one metric, and those that might replace it."""

    metric: str
    explainer: str
    rank: RankInterval  # mean over boards, with its interval over clips
    n_compared: int
    rivals: tuple[str, ...]  # whose intervals overlap, best first
    means: tuple[float, ...]  # of the explainer, one per board
    boards_needed: int  # for a test over boards to tell explainers apart
    mean_ranks: Mapping[str, float]

    @property
    def leading(self) -> tuple[str, ...]:
        """The explainer and its rivals."""
        return (self.explainer, *self.rivals)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to take within a budget of model calls per clip."""

    budget: int | None  # None: whatever is published
    localization: Leader | None  # None if nothing can be compared
    fidelity: Leader | None
    both: str | None
    in_both: bool  # whether it may lead by either
    calls: Mapping[str, float]  # largest mean over boards

    @property
    def cheapest(self) -> str | None:
        """An explainer that may lead by both metrics with fewer calls than the one to take."""
        if not (self.localization and self.fidelity and self.both and self.in_both):
            return None
        leading = [name for name in self.localization.leading if name in self.fidelity.leading]
        found = min(leading, key=lambda name: (round(self.calls[name]), name))
        return found if round(self.calls[found]) < round(self.calls[self.both]) else None

    @property
    def picks(self) -> list[str]:
        """The explainers that are named, without repetition."""
        leaders = [one.explainer for one in (self.localization, self.fidelity) if one]
        return list(dict.fromkeys([*([self.both] if self.both else []), *leaders]))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of model with its answers, one per budget."""

    name: str
    about: str
    boards: tuple[SummaryBoard, ...]
    answers: tuple[Answer, ...]
    n_explainers: int


def advice(found: Comparable, specs: Specs) -> list[Kind]:
    """Answer for models of which only scores are known, and for those that give gradients."""
    asking = {name for name, spec in specs.items() if not spec.needs}
    open_boards = tuple(
        board
        for board in found.boards
        if any(name in specs and name not in asking for name in board.ranked(LOCALIZATION))
    )
    kinds = [
        _kind(
            "Any model",
            "Only its scores are asked for: an API, a compiled model, a network of any library.",
            found.boards,
            lambda name: name in asking,
            specs,
        ),
        _kind(
            "A model with gradients",
            "A torch network whose layers can be reached: gradients, activations and scores.",
            open_boards,
            lambda name: name in specs,
            specs,
        ),
    ]
    return [kind for kind in kinds if any(one.picks for one in kind.answers)]


def _kind(
    name: str,
    about: str,
    boards: Sequence[SummaryBoard],
    fits: Callable[[str], bool],
    specs: Specs,
) -> Kind:
    everywhere = set.intersection(*map(_ranked, boards)) if boards else set()
    names = sorted(one for one in everywhere if fits(one) and not specs[one].baseline)
    calls = {one: max(_calls(board, one) for board in boards) for one in names}
    answers = []
    for budget in (*BUDGETS, None):
        able = [one for one in names if budget is None or calls[one] <= budget]
        answers.append(_answer(budget, boards, able, calls, name))
    return Kind(name, about, tuple(boards), tuple(answers), len(names))


def _ranked(board: SummaryBoard) -> set[str]:
    """The explainers that a board ranks by both metrics."""
    return set(board.ranked(LOCALIZATION)) & set(board.ranked(DELETION))


def _calls(board: SummaryBoard, name: str) -> float:
    return float(np.nanmean(board.layout.calls[board.layout.row[name]]))


def _answer(
    budget: int | None,
    boards: Sequence[SummaryBoard],
    names: Sequence[str],
    calls: Mapping[str, float],
    kind: str,
) -> Answer:
    pointing = [board for board in boards if not board.control]
    localization = _leader(LOCALIZATION, pointing, names, f"{kind} {budget}", higher=True)
    fidelity = _leader(DELETION, boards, names, f"{kind} {budget}", higher=False)
    if localization is None or fidelity is None:
        return Answer(budget, localization, fidelity, None, False, calls)
    leading = [name for name in localization.leading if name in fidelity.leading]
    sums = {one: localization.mean_ranks[one] + fidelity.mean_ranks[one] for one in names}
    both = min(leading or names, key=lambda one: (sums[one], calls[one], one))
    return Answer(budget, localization, fidelity, both, bool(leading), calls)


def _leader(
    metric: str, boards: Sequence[SummaryBoard], names: Sequence[str], of: str, *, higher: bool
) -> Leader | None:
    """Find the best mean rank over boards, on the instances that all of the explainers have."""
    if not names or not boards:
        return None
    tables = []
    for board in boards:
        used = board.common([metric], names)
        if not used.size:
            return None
        tables.append((board.values(metric, names, used), board.clips(used)))
    key = RandomKey((boards[0].seed, "advice", metric, of))
    across = compare_across(tables, higher_is_better=higher, rng=key.generator("resamples"))
    ranks = across.mean_ranks
    order = sorted(range(len(names)), key=lambda column: (ranks[column].rank, names[column]))
    first = order[0]
    return Leader(
        metric,
        names[first],
        ranks[first],
        len(names),
        tuple(names[column] for column in order[1:] if ranks[column].low <= ranks[first].high),
        tuple(float(values[:, first].mean()) for values, _ in tables),
        across.boards_needed,
        {name: ranks[column].rank for column, name in enumerate(names)},
    )
