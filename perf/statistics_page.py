"""Write the tables of docs/statistics.md: coverage of intervals, and letters against p-values.

    python perf/statistics_page.py [--boards N] [--output FILE]

Takes some ten minutes with 2,000 boards per cell.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path

import numpy as np
from interval_coverage import PAIRS, SCORES, differences, means, medians

from awb.statistics import Comparison, compare_all, letter_groups

PAGE = Path(__file__).resolve().parents[1] / "docs" / "statistics.md"
CLIPS = (6, 10, 20, 60)
LEAST = 0.93
N_EXPLAINERS = 30


def main() -> None:
    """Simulate, and replace the tables of the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=2000, help="simulated boards per cell")
    parser.add_argument("--output", type=Path, default=PAGE)
    given = parser.parse_args()
    tables = {
        "means": interval_table(means, SCORES, given.boards, several=False),
        "means-of-several": interval_table(means, SCORES, given.boards, several=True),
        "differences": interval_table(differences, PAIRS, given.boards // 2, several=False),
        "medians": median_table(given.boards),
        "letters": letter_table(),
    }
    page = PAGE.read_text(encoding="utf-8")
    for name, table in tables.items():
        page = replaced(page, name, table)
    given.output.write_text(page, encoding="utf-8")


def replaced(page: str, name: str, table: str) -> str:
    """Replace what is between the comments of a table."""
    found = re.compile(f"(<!-- {name}: begin.*?-->\n).*?(\n<!-- {name}: end -->)", re.DOTALL)
    return found.sub(lambda match: f"{match[1]}\n{table}\n{match[2]}", page)


def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def cell(found: list[tuple[float, float]]) -> str:
    """Write coverages, in bold where one is too low, and under them widths."""
    shares = [f"{held:.3f}".removeprefix("0") for held, _ in found]
    bold = [
        share if held >= LEAST else f"**{share}**"
        for share, (held, _) in zip(shares, found, strict=True)
    ]
    widths = [f"{width:.2f}".removeprefix("0") for _, width in found]
    return f"{' / '.join(bold)}<br>{' / '.join(widths)}"


def interval_table(
    simulate: Callable[..., list[tuple[float, float]]],
    names: Iterable[str],
    boards: int,
    *,
    several: bool,
) -> str:
    """Make a table of coverage and width by distribution and number of clips."""
    rows = [
        [name, *(cell(simulate(name, n_clips, boards, several=several)) for n_clips in CLIPS)]
        for name in names
    ]
    return markdown(["scores", *(f"{n_clips} clips" for n_clips in CLIPS)], rows)


def median_table(boards: int) -> str:
    rows = [
        [name, *(cell([medians(name, n_clips, boards)]) for n_clips in CLIPS)] for name in SCORES
    ]
    return markdown(["scores", *(f"{n_clips} clips" for n_clips in CLIPS)], rows)


def letter_table(boards: int = 20) -> str:
    """Count, on simulated boards, pairs that are not told apart and yet share no letter."""
    rows = []
    for n_clips in (12, 20, 60):
        counts = np.sum([_letters(n_clips, seed) for seed in range(boards)], axis=0)
        alike, stretches, cliques, n_stretches, n_cliques = counts
        rows.append(
            [f"{n_clips}", f"{alike / boards:.0f}", f"{stretches / alike:.0%}",
             f"{cliques / alike:.0%}", f"{n_stretches / boards:.1f}", f"{n_cliques / boards:.1f}"]
        )  # fmt: skip
    return markdown(
        ["clips", "pairs not told apart", "of these without a letter: stretches", "cliques",
         "letters: stretches", "cliques"],
        rows,
    )  # fmt: skip


def _letters(n_clips: int, seed: int) -> list[int]:
    """Simulate one board of explainers that differ in their means and in their spread."""
    rng = np.random.default_rng((n_clips, seed))
    levels, spreads = rng.normal(0.8, 0.08, N_EXPLAINERS), rng.uniform(0.03, 0.3, N_EXPLAINERS)
    difficulty = rng.normal(0, 0.1, (n_clips, 1))
    values = levels + difficulty + spreads * rng.normal(size=(n_clips, N_EXPLAINERS))
    found = compare_all(values, np.arange(n_clips), rng=rng)
    order = np.argsort(-values.mean(axis=0)).tolist()
    alike = {(one.first, one.second) for one in found if one.adjusted_p_value > 0.05}
    old, new = stretches(order, found), letter_groups(order, found)
    return [
        len(alike), len(alike - _sharing(old)), len(alike - _sharing(new)), len(old), len(new)
    ]  # fmt: skip


def _sharing(groups: list[tuple[int, ...]]) -> set[tuple[int, int]]:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def stretches(order: list[int], found: list[Comparison]) -> list[tuple[int, ...]]:
    """The longest stretches of a ranking in which no two differ, which were the letters before."""
    apart = {frozenset((one.first, one.second)): one.adjusted_p_value <= 0.05 for one in found}
    groups: list[tuple[int, ...]] = []
    reached = 0
    for start in range(len(order)):
        stop = start + 1
        while stop < len(order) and not any(
            apart[frozenset((order[stop], member))] for member in order[start:stop]
        ):
            stop += 1
        if stop > reached:
            groups.append(tuple(order[start:stop]))
            reached = stop
    return groups


if __name__ == "__main__":
    main()
