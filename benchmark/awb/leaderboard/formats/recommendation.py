"""A recommendation as text of 80 columns, and as records."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from textwrap import fill
from typing import Any

from awb.leaderboard.boards.board import BoardRow, Cell
from awb.leaderboard.boards.message import Message
from awb.leaderboard.boards.outlook import too_few, what_it_takes
from awb.leaderboard.boards.ranking import Outlook, Place
from awb.leaderboard.boards.recommendation import SECOND, Advice, Both, Recommendation
from awb.leaderboard.formats.text import calls_text, cell_text, counted, number_text, title_of
from awb.metrics.facts import MetricFacts

_WIDTH = 79
_INDENT = 15
_ARROWS = {True: "↑", False: "↓"}
_FEW = 3
_UNBROKEN = "\N{NO-BREAK SPACE}"
_SAME = "The same as with fewer calls."


def to_text(found: Recommendation) -> str:
    """Write the advice at every budget, and the command to type."""
    board = found.boards[0]
    lines = [title_of(replace(board, budget=None))]
    few = next(filter(None, map(too_few, found.boards)), "")
    if few:
        lines += ["", fill(f"{few} So this is a first guess.", _WIDTH)]
    if found.advice[0].localization is None:
        lines += ["", fill("No event has times, so only fidelity is judged.", _WIDTH)]
    before: dict[str, list[str]] = {}
    for advice in found.advice:
        parts = _parts(advice)
        new = {goal: [_SAME] if text == before.get(goal) else text for goal, text in parts.items()}
        lines += ["", f"At most {advice.budget:,} model calls", *_wrapped(new)]
        before = parts
    if found.command is not None:
        lines += ["", "To measure these on the whole dataset, type:", "", f"  {found.command}"]
    return "\n".join(lines)


def _parts(advice: Advice) -> dict[str, list[str]]:
    """Write what there is to say of each goal, a paragraph each."""
    parts = {goal: _of_goal(goal, one) for goal, one in _goals(advice) if one is not None}
    return parts if advice.both is None else {**parts, "both": _of_both(advice.both)}


def _wrapped(parts: dict[str, list[str]]) -> list[str]:
    """Wrap paragraphs beside the names of their goals."""
    lines = []
    for goal, paragraphs in parts.items():
        for number, text in enumerate(paragraphs):
            left = f"  {goal}" if number == 0 else ""
            lines.append(
                fill(
                    text,
                    _WIDTH,
                    initial_indent=f"{left:{_INDENT}}",
                    subsequent_indent=" " * _INDENT,
                    break_long_words=False,
                    break_on_hyphens=False,
                ).replace(_UNBROKEN, " ")
            )
    return lines or ["  no explainer has a place"]


def _goals(advice: Advice) -> list[tuple[str, Message | None]]:
    return [("localization", advice.localization), ("fidelity", advice.fidelity)]


def _of_goal(goal: str, message: Message) -> list[str]:
    """Say which is first, which others the clips do not tell from it, and what would."""
    board, best = message.board, message.best[0]
    shown = (board.metrics[0].name, SECOND) if goal == "fidelity" else (board.metrics[0].name,)
    values = [
        _value(facts, cell)
        for facts, cell in zip(board.metrics, best.cells, strict=True)
        if facts.name in shown
    ]
    lines = [_named(best), ", ".join(values)]
    if board.outlook is not None and not too_few(board):
        lines += [_told_apart(message, board.outlook), *what_it_takes(board.outlook)]
    if message.no_better:
        which = f"{message.no_better} of the {message.n_ranked}"
        lines.append(f"{which} may be no better than random relevance.")
    return lines


def _told_apart(message: Message, outlook: Outlook) -> str:
    """Say how many of the others the test tells from the first, and name those that it does not."""
    names = [row.explainer for row in message.board.rows if row.explainer in outlook.alike]
    clips = f"{message.n_clips} clips"
    others = counted(message.n_ranked - 1, "other")
    if not names:
        return f"{clips} tell it from the {others}."
    shown = ", ".join(names[:_FEW])
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f"{clips} do not tell it from {len(names)} of the {others}: {shown}{more}."


def _of_both(both: Both) -> list[str]:
    """Name the explainer, and say what it is a compromise between."""
    columns = zip(both.metrics, both.row.cells, strict=True)
    first, second = map(_rank, both.places)
    ranks = f"Rank {first} for localization and {second} for fidelity"
    why = "" if both.may_lead else "; none may be first for both, so this is a compromise"
    return [_named(both.row), ", ".join(_value(*one) for one in columns), f"{ranks}{why}."]


def _rank(place: Place) -> str:
    """Write a rank, with those that it may have on other clips."""
    return (
        str(place.rank) if place.low == place.high else f"{place.rank} ({place.low}–{place.high})"
    )


def _named(row: BoardRow) -> str:
    calls = calls_text(row)
    return f"{row.explainer}, {calls} {'call' if calls == '1' else 'calls'}"


def _value(facts: MetricFacts, cell: Cell) -> str:
    """Write a mean, with its interval where there is one."""
    text = number_text(cell.mean) if math.isnan(cell.low) else cell_text(cell)
    whole = f"{facts.name} {_ARROWS[facts.higher_is_better]} {text}"
    return whole.replace(" ", _UNBROKEN)


def to_json(found: Recommendation) -> str:
    """Write the advice as JSON: one record per budget."""
    board = found.boards[0]
    return json.dumps(
        {
            "dataset": board.dataset,
            "model": board.model,
            "n_instances": board.n_instances,
            "n_clips": board.n_clips,
            "advice": [_record(one) for one in found.advice],
            "command": found.command,
        },
        indent=1,
        ensure_ascii=False,
    )


def _record(advice: Advice) -> dict[str, Any]:
    both = advice.both
    return {
        "budget": advice.budget,
        **{goal: _goal_record(message) for goal, message in _goals(advice)},
        "both": None
        if both is None
        else {"explainer": both.explainer, "ranks": both.ranks, "may_lead": both.may_lead},
        "pick": advice.pick,
    }


def _goal_record(message: Message | None) -> dict[str, Any] | None:
    if message is None:
        return None
    best, outlook = message.best[0], message.board.outlook
    cell, metric = best.cells[0], message.board.metrics[0].name
    values = {"mean": cell.mean, "low": cell.low, "high": cell.high, "calls": best.calls}
    return {
        "metric": metric,
        "explainer": best.explainer,
        **{name: None if math.isnan(value) else value for name, value in values.items()},
        "may_lead_too": [row.explainer for row in (*message.best[1:], *message.rivals)],
        "not_told_apart": [] if outlook is None else list(outlook.alike),
        "clips_needed": None if outlook is None else outlook.power.clips_needed,
    }


def short(found: Recommendation) -> str:
    """Summarize a recommendation in one line."""
    board = found.boards[0]
    picks = ", ".join(f"{one.pick or 'none'} at {one.budget:,}" for one in found.advice)
    return f"{board.model} on {board.dataset}, {counted(board.n_clips, 'clip')}: {picks} calls"
