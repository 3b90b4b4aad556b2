"""What maps of times and frequencies say that the sum over their frequencies does not."""

from __future__ import annotations

from collections.abc import Sequence

from finding_answers import (
    LOCALIZATION,
    Finding,
    localizing,
    on_boards,
    ranging,
    rests_on,
    rng,
)
from finding_relevance import carried
from published_values import Board

from awb.statistics import mean_interval

CELL, CELLS = "tf-pointing-game", "tf-rank-accuracy"
SEGMENT = "pointing-game"
COLUMNS = (CELL, SEGMENT, CELLS, LOCALIZATION)
SURE, CHANCE = 0.9, 0.65
BEST = 5
LEAST_ROWS = 3
SLIGHT = 0.01  # of the largest relevance


def maps(boards: Sequence[Board]) -> Finding:
    """Compare where the strongest cell of a map lies with the order of the segments."""
    question = "What do maps of times and frequencies add?"
    found = [one for one in localizing(boards) if len(drawn(one)) >= LEAST_ROWS]
    if not found:
        return Finding("maps", question, ["No board has labels with frequencies."])
    torn = {name: [one for one in found if is_torn(one, name)] for name in explainers(found)}
    named = {name: own for name, own in torn.items() if own}
    rows = [
        [board.title, f"`{name}`", *(cell(board, metric, name) for metric in COLUMNS)]
        for board in found
        for name in shown(board, named)
    ]
    return Finding(
        "maps",
        question,
        [_peak(found, named), _best(found) + rests_on(found)],
        ["board", "explainer", "strongest cell", "strongest segment", "best cells", "ROC-AUC"],
        rows,
        note="Strongest cell, or segment: how often it lies inside an event (`tf-pointing-game`,"
        " `pointing-game`). Best cells: the share inside events' times and frequencies of as many"
        " cells as are inside (`tf-rank-accuracy`). ROC-AUC: of the segments. Means with 95 %"
        f" intervals over clips; the {BEST} best rows by the third, and those that the first"
        " sentence names.",
    )


def cell(board: Board, metric: str, name: str) -> str:
    """Write a mean with its interval over clips."""
    values = board.values[metric][name].dropna()
    clips = values.index.get_level_values("clip_id")
    found = mean_interval(values, clips, lowest=0, highest=1, resamples=2000, rng=rng())
    return f"{found.mean:.2f} [{found.low:.2f}, {found.high:.2f}]"


def drawn(board: Board) -> list[str]:
    """List the rows that have maps, the best first."""
    names = [name for name in board.rows if board.mean(CELLS, name) == board.mean(CELLS, name)]
    return sorted(names, key=lambda name: -board.mean(CELLS, name))


def explainers(boards: Sequence[Board]) -> list[str]:
    """List the rows with maps of all boards."""
    return sorted({name for one in boards for name in drawn(one)})


def is_torn(board: Board, name: str) -> bool:
    """Say whether a row's strongest cell is at an event, and its segments are near chance."""
    return board.mean(CELL, name) >= SURE and board.mean(LOCALIZATION, name) <= CHANCE


def shown(board: Board, named: dict[str, list[Board]]) -> list[str]:
    """List the rows of the table: the best, and those that a sentence names."""
    rows = drawn(board)
    return [*rows[:BEST], *(name for name in rows[BEST:] if board in named.get(name, ()))]


def _peak(boards: Sequence[Board], named: dict[str, list[Board]]) -> str:
    if not named:
        return "**No map has its strongest cell at the events while its segments rank by chance.**"
    pairs = [(one, name) for name, own in named.items() for one in own]
    cells, segments, areas = (
        [one.mean(metric, name) for one, name in pairs] for metric in (CELL, SEGMENT, LOCALIZATION)
    )
    names = ", ".join(f"`{name}`" for name in named)
    held = [100 * carried(one.records[name], SLIGHT) for one, name in pairs]
    told = on_boards(len({id(one) for one, _ in pairs}), len(boards))
    return (
        f"**Some explainers find the event and rank the rest hardly better than chance: {told} the"
        f" strongest cell of the map lies in an event's times and frequencies ({ranging(cells)} of"
        f" the instances) and the strongest segment in its time ({ranging(segments)}), and yet the"
        f" ROC-AUC of the segments is {ranging(areas)}.** They are {names}. In these rows,"
        f" {ranging(held, 0)} % of the segments hold more than {100 * SLIGHT:g} % of the largest"
        " relevance, of either sign: what ROC-AUC ranks is mostly the rest."
    )


def _best(boards: Sequence[Board]) -> str:
    first = {one.title: drawn(one)[0] for one in boards}
    told = "; ".join(f"`{name}` on {title}" for title, name in first.items())
    values = ranging([one.mean(CELLS, drawn(one)[0]) for one in boards])
    random = ranging([one.mean(CELLS, "random") for one in boards])
    return (
        f"The best maps have {values} of their best cells at the events ({told}; random maps have"
        f" {random})."
    )
