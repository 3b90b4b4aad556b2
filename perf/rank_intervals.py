"""Write the tables of "Ranks" in docs/statistics.md: how often boards say what is not true.

    python perf/rank_intervals.py [--boards N]

Boards are simulated. *False firsts* are boards of which the summary says that the first "would stay
first (95 %)" though another explainer is as good; *false letters* are boards that tell any two
explainers apart that are alike. Before: ranks from percentiles of the bootstrap, letters from
Wilcoxon's test with Holm's correction. It takes a few minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path

import numpy as np
from scipy.stats import rankdata
from tabulate import tabulate

from awb.statistics import (
    ClusterSums,
    compare_all,
    holm,
    power_of,
    rank_intervals,
    wilcoxon_p_value,
)

PAGE = Path(__file__).resolve().parents[1] / "docs" / "statistics.md"
BEGIN, END = "<!-- ranks: begin, by perf/rank_intervals.py -->", "<!-- ranks: end -->"
CLIPS = (6, 10, 20, 60)
DRAWS = 999
Table = np.ndarray
Draw = Callable[[np.random.Generator, int, int], Table]


def _normal(rng: np.random.Generator, n: int, k: int) -> Table:
    """Scores of a clip go together, as they do: some clips are hard."""
    return rng.normal(0.0, 1.0, (n, 1)) + rng.normal(0.0, 0.7, (n, k))


def _ceiling(rng: np.random.Generator, n: int, k: int) -> Table:
    return np.minimum(1.0, 0.95 + 0.1 * _normal(rng, n, k))


def _binary(rng: np.random.Generator, n: int, k: int) -> Table:
    return np.asarray(rng.random((n, k)) < 0.8, dtype=np.float64)


def _twins(rng: np.random.Generator, n: int, k: int) -> Table:
    """Every other explainer is a copy of its neighbour, and many clips are at 1."""
    return _ceiling(rng, n, k)[:, np.arange(k) // 2]


def _unequal(rng: np.random.Generator, n: int, k: int) -> Table:
    """Some explainers vary ten times as much as the others."""
    return _normal(rng, n, k) * np.where(np.arange(k) % 2, 1.0, 0.1)


def _leaders(rng: np.random.Generator, n: int, k: int) -> Table:
    """The first two are alike and far ahead of the others."""
    return np.asarray(_ceiling(rng, n, k) - 0.8 * (np.arange(k) > 1), dtype=np.float64)


def _shapes(rng: np.random.Generator, n: int, k: int) -> Table:
    """Half always score 0.9, half score 1 and fail on a tenth of the clips."""
    steady = 0.9 + 0.001 * rng.normal(0.0, 1.0, (n, k))
    return np.where(np.arange(k) % 2, rng.random((n, k)) < 0.9, steady)


EQUAL: dict[str, Draw] = {
    "normal": _normal,
    "ceiling at 1": _ceiling,
    "binary, 80 %": _binary,
    "identical pairs": _twins,
    "unequal spread": _unequal,
    "two leaders alike": _leaders,
    "other shapes": _shapes,
}


def now(table: Table, rng: np.random.Generator) -> tuple[bool, set[tuple[int, int]]]:
    """Say whether the first stays first, and which pairs are told apart."""
    found = compare_all(table, np.arange(len(table)), draws=DRAWS, rng=rng)
    places = rank_intervals(table.mean(axis=0), found, higher_is_better=True)
    apart = {(one.first, one.second) for one in found if one.adjusted_p_value <= 0.05}
    return any(one.high == 1 for one in places), apart


def before(table: Table, rng: np.random.Generator) -> bool:
    """Say the former of it by percentiles of bootstrapped ranks."""
    board = ClusterSums.of(-table, np.arange(len(table)))
    first = rankdata(np.round(board.means(), 12), "min") == 1
    drawn = rankdata(np.round(board.resampled_means(DRAWS, rng), 12), "min", axis=1)
    low = np.quantile(drawn, 0.025, axis=0, method="lower")
    return bool(first.sum() == 1 and not (low[~first] <= 1).any())


def apart_before(table: Table) -> set[tuple[int, int]]:
    """Find the pairs that Wilcoxon's test with Holm's correction tells apart."""
    pairs = list(combinations(range(table.shape[1]), 2))
    raw = [wilcoxon_p_value(table[:, first] - table[:, second]) for first, second in pairs]
    return {pair for pair, p_value in zip(pairs, holm(raw), strict=True) if p_value <= 0.05}


def false_firsts(n_boards: int) -> str:
    """Simulate boards on which nobody is better than the best of the others."""
    rows = []
    for name, draw in EQUAL.items():
        for k in (2, 5, 40):
            cells = []
            for n in CLIPS:
                rng = np.random.default_rng((n, k))
                count = n_boards if k < 40 else n_boards // 4
                tables = [draw(rng, n, k) for _ in range(count)]
                told = [now(table, rng) for table in tables]
                lies = {(0, 1)} if draw is _leaders else set(combinations(range(k), 2))
                shares = (
                    np.mean([before(table, rng) for table in tables]),
                    np.mean([first for first, _ in told]),
                    np.mean([bool(apart & lies) for _, apart in told]),
                )
                cells.append(" / ".join(f"{100 * share:.0f}" for share in shares))
            rows.append([name, k, *cells])
    heads = ["boards", "explainers", *(f"{n} clips" for n in CLIPS)]
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)


def true_firsts(n_boards: int) -> str:
    """Simulate boards on which the first is better, by some standard deviations of a difference."""
    rows = []
    for k, gap in product((5, 40), (0.5, 1.0, 2.0)):
        cells = []
        for n in CLIPS:
            rng = np.random.default_rng((n, k))
            count = n_boards // 2 if k < 40 else n_boards // 10
            firsts, old, new = [], [], []
            for _ in range(count):
                table = _normal(rng, n, k)
                table[:, 0] += gap * 0.7 * 2**0.5
                first, apart = now(table, rng)
                firsts.append(first)
                new.append(sum(pair[0] == 0 for pair in apart) / (k - 1))
                old.append(sum(pair[0] == 0 for pair in apart_before(table)) / (k - 1))
            shares = (np.mean(old), np.mean(new), np.mean(firsts))
            cells.append(" / ".join(f"{100 * share:.0f}" for share in shares))
        rows.append([k, gap, *cells])
    heads = ["explainers", "better by", *(f"{n} clips" for n in CLIPS)]
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)


def promises(n_boards: int) -> str:
    """Measure the power at the differences and at the numbers of clips that boards promise."""
    rows = []
    for k, n in product((2, 5, 20), (10, 20, 60)):
        rng = np.random.default_rng((n, k))
        clips = np.arange(n)
        found = [
            power_of(_normal(rng, n, k), clips, (0, 1), draws=DRAWS, rng=rng).smallest
            for _ in range(20)
        ]
        smallest = float(np.median(found))
        large = _normal(rng, 4000, k)
        large[:, 0] += 0.6
        needed = power_of(large, np.arange(4000), (0, 1), draws=DRAWS, rng=rng).clips_needed
        shown = _shown(rng, n, k, smallest, n_boards // 2)
        reached = _shown(rng, needed, k, 0.6, n_boards // 2)
        rows.append([k, n, f"{smallest:.2f}", f"{shown:.0%}", needed, f"{reached:.0%}"])
    heads = ["explainers", "clips", "smallest", "shown", "clips for 0.6", "shown by them"]
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)


def _shown(rng: np.random.Generator, n: int, k: int, gap: float, n_boards: int) -> float:
    hits = 0
    for _ in range(n_boards):
        table = _normal(rng, n, k)
        table[:, 0] += gap
        hits += (0, 1) in now(table, rng)[1]
    return hits / n_boards


def main() -> None:
    """Simulate, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=400)
    given = parser.parse_args()
    written = TEXT.format(
        boards=given.boards,
        equal=false_firsts(given.boards),
        better=true_firsts(given.boards),
        promises=promises(given.boards),
    )
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{written}\n{END}{rest.split(END)[1]}", encoding="utf-8")


TEXT = """
### Boards on which nobody is better

In percent of {boards} simulated boards (of a quarter as many with 40 explainers): the summary says
of one explainer that it "would stay first (95 %)" though another is as good, by percentiles of
bootstrapped ranks, as awb did at first / the same now / any two that are alike are told apart now.

{equal}

### Boards on which one is better

The first of all is better by 0.5, 1 or 2 standard deviations of a difference between two. In
percent: others that Wilcoxon's test with Holm's correction tells from it, as awb did at first /
others that are told from it now / boards that say that it stays first now.

{better}

### Is what a board promises kept?

*smallest* is what boards of so many clips say that two explainers must differ by, and *shown* how
often a difference of that size is then found. *clips for 0.6* is the number that they say is needed
for a difference of 0.6 (standard deviation of a difference: 1), and *shown by them* how often as
many clips find it. Both promise 80 %.

{promises}
"""


if __name__ == "__main__":
    main()
