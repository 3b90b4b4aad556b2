"""The main result of a board in a few sentences, generated from its numbers.

The leading group consists of the explainers in first place by the ranking metric, and of those that
might be first on other clips: their 95 % rank interval starts at 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from awb.leaderboard.boards.board import Board, BoardRow
from awb.leaderboard.boards.construction import BoardData, column_of, layout_of
from awb.leaderboard.boards.layout import Column, Layout
from awb.randomness import RandomKey
from awb.statistics import LEAST_CLIPS, difference_intervals

RANDOM = "random"
ALPHA = 0.05
_FEW_NAMES = 3


@dataclass(frozen=True, slots=True)
class Message:
    """The numbers behind the sentences.

    An explainer is no better than random relevance if the 95 % interval of the paired difference,
    over clips, includes 0.
    """

    board: Board
    best: tuple[BoardRow, ...]  # in first place; several if their means are equal
    rivals: tuple[BoardRow, ...]  # the rest of the leading group, in order
    n_ranked: int
    n_clips: int  # on which the ranked explainers were compared
    alike: int  # ranked explainers that the test cannot distinguish from the best
    no_better: int | None  # ranked explainers no better than random; None if that is unknown

    @property
    def cheapest(self) -> BoardRow:
        """The row of the leading group that needs the fewest model calls."""
        return min((*self.best, *self.rivals), key=lambda row: row.calls)


def message_of(board: Board, data: BoardData) -> Message | None:
    """Compute the message of a board, or None if it ranks no explainer."""
    ranked = [row for row in board.rows if row.place is not None]
    if not ranked:
        return None
    layout = layout_of(data)
    column = column_of(data, layout, board.metrics[0])
    clips = column.clips(layout)
    best = tuple(row for row in ranked if row.rank == 1)
    alike = set() if board.outlook is None else set(board.outlook.alike)
    others = [row for row in ranked if row.rank != 1]
    return Message(
        board,
        best,
        tuple(row for row in others if row.place and row.place.low <= 1),
        len(ranked),
        len(set(clips)),
        sum(row.explainer in alike for row in others),
        _no_better_than_random(ranked, data, layout, column),
    )


def _no_better_than_random(
    ranked: Sequence[BoardRow], data: BoardData, layout: Layout, column: Column
) -> int | None:
    """Count the ranked explainers whose advantage over random relevance may be zero."""
    known = RANDOM in layout.row and RANDOM in data.baselines
    clips = column.clips(layout)
    if not known or not column.full[layout.row[RANDOM]] or len(set(clips)) < 2:
        return None
    facts = column.facts
    names = [*(row.explainer for row in ranked), RANDOM]
    values = column.table([layout.row[name] for name in names])
    last = len(ranked)
    key = RandomKey((data.seed, "board")).child("message")
    gains = difference_intervals(
        values, [(row, last) for row in range(last)], clips,
        lowest=facts.lowest, highest=facts.highest, rng=key.generator(RANDOM),
    )  # fmt: skip
    better = (one.low > 0 if facts.higher_is_better else one.high < 0 for one in gains)
    return last - sum(better)


def sentences(message: Message, named: Callable[[str], str] = str) -> list[str]:
    """Write the message of a board as sentences."""
    return [
        _best(message, named),
        *_leading(message, named),
        *_tested(message),
        *_chance(message),
    ]


def _best(message: Message, named: Callable[[str], str]) -> str:
    cell = message.best[0].cells[0]
    interval = "" if math.isnan(cell.low) else f" (95 %: {cell.low:z.3f} to {cell.high:z.3f})"
    cheapest = min(message.best, key=lambda row: row.calls)
    cost = f"at {_cost(cheapest, 'model call')}"
    if len({_calls(row) for row in message.best}) > 1:
        cost = f"the cheapest, {named(cheapest.explainer)}, {cost}"
    elif len(message.best) > 1:
        cost = f"each {cost}"
    text = (
        f"Best by {named(message.board.metrics[0].name)}: {_listed(message.best, named)},"
        f" {cell.mean:z.3f}{interval}"
    )
    return f"{text.replace(' -', ' −')}, {cost} per instance."


def _leading(message: Message, named: Callable[[str], str]) -> list[str]:
    if message.n_ranked < 2 or message.n_clips < 2:
        return []
    if not message.rivals:
        alone = message.best[0].place
        stays = alone is not None and len(message.best) == 1 and alone.high == 1
        return ["On other clips it would stay first (95 %)."] if stays else []
    text = f"On other clips {_listed(message.rivals, named)} might be first"
    cheapest = message.cheapest
    if cheapest in message.best:
        return [f"{text}; none of them needs fewer calls."]
    if len(message.rivals) == 1:
        return [f"{text}, at {_cost(cheapest)}."]
    return [f"{text}; the cheapest of them, {named(cheapest.explainer)}, at {_cost(cheapest)}."]


def _tested(message: Message) -> list[str]:
    n_ranked, n_clips = message.n_ranked, message.n_clips
    if n_ranked < 2 or n_clips < LEAST_CLIPS:
        return []
    n_others = n_ranked - len(message.best)
    if not message.alike:
        return [f"A paired test over {n_clips} clips distinguishes all the others from it."]
    alike = f"{message.alike} of the other {n_others}"
    return [f"A paired test over {n_clips} clips does not distinguish {alike} from it."]


def _chance(message: Message) -> list[str]:
    if message.no_better is None:
        return []
    if message.no_better == 0:
        return [f"All {message.n_ranked} are reliably better than random relevance."]
    verb = "is" if message.no_better == 1 else "are"
    share = f"{message.no_better} of {message.n_ranked} {verb}"
    return [f"{share} not reliably better than random relevance."]


def _listed(rows: Sequence[BoardRow], named: Callable[[str], str]) -> str:
    names = [named(row.explainer) for row in rows]
    if len(names) > _FEW_NAMES + 1:
        names = [*names[:_FEW_NAMES], f"{len(names) - _FEW_NAMES} others"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _cost(row: BoardRow, noun: str = "call") -> str:
    return f"{_calls(row)} {noun}" if _calls(row) == "1" else f"{_calls(row)} {noun}s"


def _calls(row: BoardRow) -> str:
    return "–" if math.isnan(row.calls) else f"{row.calls:,.0f}"
