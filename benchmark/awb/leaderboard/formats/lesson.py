"""What a run has shown, in two sentences: who leads and who is not told apart; does fidelity agree?

The sentences are computed from the numbers of the board, and claim no more than its tests do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from awb.harness.selection.no_instances import listed
from awb.leaderboard.boards.board import Board, BoardRow
from awb.leaderboard.boards.construction import BoardData, make_board
from awb.metrics.facts import MetricFacts
from awb.statistics import LEAST_CLIPS

FIDELITY = "fidelity"
RANDOM = "random"


def lesson(board: Board, data: BoardData, named: Callable[[str], str] = str) -> list[str]:
    """Say in two sentences at most what a board shows; nothing if it ranks nobody."""
    ranked = [row for row in board.rows if row.place is not None]
    if not ranked:
        return []
    facts = board.metrics[0]
    if len(ranked) == 1:
        return [_alone(board, ranked[0], named)]
    other = next((one for one in board.metrics if one.family == FIDELITY and one.ranks), None)
    if other is None or facts.family == FIDELITY:
        return [_leads(board, ranked, named)]
    fidelity = make_board(replace(data, metrics=[other]))
    return [_leads(board, ranked, named), *_agrees(board, fidelity, named)]


def _alone(board: Board, row: BoardRow, named: Callable[[str], str]) -> str:
    """Compare the only explainer with random relevance."""
    text = f"{named(row.explainer)} has a {_value(board, row)}"
    random = next((one for one in board.rows if one.explainer == RANDOM), None)
    on = "1 clip" if board.n_clips == 1 else f"{board.n_clips} clips"
    if random is None:
        return f"{text} on {on}."
    return f"{text} on {on}, and random relevance {random.cells[0].mean:z.3f}."


def _leads(board: Board, ranked: Sequence[BoardRow], named: Callable[[str], str]) -> str:
    """Say who leads, and who is not told apart from it."""
    best = [row for row in ranked if row.rank == 1]
    facts, outlook = board.metrics[0], board.outlook
    does = "points best at the labelled events" if facts.family == "localization" else "leads"
    leader = listed([named(row.explainer) for row in best])
    if len(best) > 1:
        does = does.replace("points", "point").replace("leads", "lead")
    text = f"{leader} {does} ({_value(board, best[0])})"
    if outlook is None:
        return f"{text}."
    if outlook.power.n_clips < LEAST_CLIPS:
        return f"{text}, but {outlook.power.n_clips} clips are too few to say that it is better."
    alike = [name for name in outlook.alike if name not in {row.explainer for row in best}]
    if not alike:
        return f"{text}, and a test over {outlook.power.n_clips} clips sets it apart from the rest."
    others = len(ranked) - len(best)
    who = "none of the others is" if len(alike) == others else ""
    if who:
        return f"{text}, but {who} told apart from it on {outlook.power.n_clips} clips."
    verb = "is" if len(alike) == 1 else "are"
    return f"{text}; {listed([*map(named, alike)])} {verb} not told apart from it."


def _agrees(board: Board, fidelity: Board, named: Callable[[str], str]) -> list[str]:
    """Say whether the model confirms the order: who leads in fidelity, and where is the leader?"""
    first = {row.explainer for row in board.rows if row.rank == 1}
    leaders = [row for row in fidelity.rows if row.rank == 1]
    if not leaders:
        return []
    name = fidelity.metrics[0].name
    who = listed([named(row.explainer) for row in leaders])
    if first & {row.explainer for row in leaders}:
        return [f"Fidelity agrees: {who} also leads in {name} ({_value(fidelity, leaders[0])})."]
    text = f"In fidelity, {who} leads ({_value(fidelity, leaders[0])})"
    outlook = fidelity.outlook
    if outlook is None:
        return [f"{text}."]
    mine = listed([*map(named, sorted(first))])
    if outlook.power.n_clips < LEAST_CLIPS:
        return [f"{text}; that may change with more clips, too."]
    if first & set(outlook.alike):
        return [f"{text}, from which {mine} is not told apart: the two do not disagree."]
    return [f"{text}, and {mine} is worse: fidelity does not agree."]


def _value(board: Board, row: BoardRow) -> str:
    facts: MetricFacts = board.metrics[0]
    return f"{facts.name} of {row.cells[0].mean:z.3f}"


def next_steps(folder: str, found: Sequence[Board], *, more_clips: bool) -> list[str]:
    """List what is worth typing after a run, with what it is for."""
    steps = []
    few = any(one.outlook is None or one.outlook.open for one in found)
    if more_clips and few:
        steps.append(f"awb resume {folder} --within 10m   more clips, to tell more apart")
    steps.append(f"awb report {folder} --open   look at the explanations, and listen")
    steps.append(f"awb show {folder} --by class   where each explainer fails")
    return steps
