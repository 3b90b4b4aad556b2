"""What a reader must know first: which instances are missing, or what the clips can tell.

The numbers are those of `awb.statistics.power`: what the test of this board would show in 80 % of
samples of as many clips.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.ranking import Outlook
from awb.statistics import LEAST_CLIPS, MOST_CLIPS

_ORACLE, _ENERGY = "oracle", "energy"
_LEAST = 0.0005  # what rounds to zero is not printed


def outlook_sentences(board: Board, named: Callable[[str], str] = str) -> list[str]:
    """Say which instances are missing, or else which differences the clips of a board can show."""
    if not board.finished:
        of = f"{board.n_stored} of {board.n_instances} instances are done"
        return [f"Unfinished: {of}, so there are no places yet. Type: awb resume RUN"]
    above = _null_on_top(board, named)
    if board.outlook is None:
        return above
    n_ranked = sum(row.place is not None for row in board.rows)
    return [*_smallest(board, n_ranked), *what_it_takes(board.outlook, named), *above]


def _null_on_top(board: Board, named: Callable[[str], str]) -> list[str]:
    """Say that a baseline, which knows nothing of the model, is better than every explainer."""
    facts = board.metrics[0]
    sign = 1.0 if facts.higher_is_better else -1.0
    ranked = [sign * row.cells[0].mean for row in board.rows if row.place is not None]
    if not ranked:
        return []
    known = [row for row in board.rows if row.baseline and not row.reference]
    nulls = [row for row in known if row.explainer != _ORACLE]
    found = [row for row in nulls if sign * row.cells[0].mean > max(ranked)]
    if not found:
        return []
    best = max(found, key=lambda row: sign * row.cells[0].mean)
    loud = ": what is loud tells more than they do" if best.explainer == _ENERGY else ""
    which = "the explainer" if len(ranked) == 1 else "every explainer"
    mean = f"{best.cells[0].mean:z.3f} in {facts.name}"
    told = (
        f"Mind {named(best.explainer)}: it knows nothing of the model, and with {mean} it is better"
        f" than {which} here{loud}."
    )
    return [told]


def _smallest(board: Board, n_ranked: int) -> list[str]:
    if board.outlook is None:
        return []
    power, metric = board.outlook.power, board.metrics[0].name
    if few := too_few(board):
        return [few]
    which = f"{power.n_clips} clips are"
    if math.isinf(power.smallest):
        return [f"{which} too few to tell any two of {n_ranked} explainers apart."]
    if power.smallest < _LEAST:
        return []
    which = "The two" if n_ranked == 2 else f"Two of the {n_ranked}"
    test = f"for {power.n_clips} clips to tell them apart (paired test, 80 % power)"
    least = f"by {power.smallest:.3f} in {metric}"
    return [f"{which} explainers must typically differ {least} {test}."]


def too_few(board: Board) -> str:
    """Say that the clips of a board are fewer than any test needs; empty if they are enough."""
    if board.outlook is None or board.outlook.power.n_clips >= LEAST_CLIPS:
        return ""
    n_clips = board.outlook.power.n_clips
    which = "1 clip is" if n_clips == 1 else f"{n_clips} clips are"
    return (
        f"{which} too few to tell any two explainers apart: that takes {LEAST_CLIPS}. Ranks and"
        " letters mean nothing yet."
    )


def what_it_takes(outlook: Outlook, named: Callable[[str], str] = str) -> list[str]:
    """Say how many clips would tell the first two apart, unless they are told apart, or equal."""
    power = outlook.power
    if not outlook.open or power.n_clips < 2 or outlook.difference < 1e-9:
        return []
    first, second = map(named, outlook.leaders)
    if power.clips_needed > MOST_CLIPS:
        needed = f"more than {MOST_CLIPS:,} clips"
    else:
        needed = f"about {max(power.clips_needed, power.n_clips + 1):,} clips"
    if outlook.difference < _LEAST:
        return [f"To tell {first} from {second}, less than 0.001 apart, would take {needed}."]
    return [f"To tell {first} from {second}, {outlook.difference:.3f} apart, would take {needed}."]
