"""The page that `perf/model_calls.py` writes, from its rows."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Key = tuple[str, int]
Scores = dict[Key, dict[str, tuple[float, ...]]]

MARGIN = 0.01
REFERENCE: Key = ("random-forest", 3000)
RESAMPLES = 10_000
BUDGETS = (10, 30, 100, 300, 1000, 3000)

TEXT = """# How many model calls does a good explanation take?

YAMNet on real recordings: {instances} instances from {clips} clips of 10 s ({targets}), masked with
zeros. The sounds are cut from recordings and placed at known times over room tone; targets often
sound more than once, and half of the clips contain another sound that is as loud or louder. Every
number is a mean over instances; empty cells were not measured.

![Curves of both scores against model calls](model-calls.svg)

## ROC-AUC

{plain}

More calls are not always better. Least squares needs more masks than there are segments: with about
as many (100 here) there is exactly one solution, which fits all the noise and is worse than the
minimum-norm solution with 30. This is the peak of double descent; `ridge` and `lime` show some of
it, `lasso`, forests and correlations do not. `adaptive` does not improve beyond 100 calls here,
although the probability falls further and further without the segments that it finds (below): it
locates ever more precisely the part of a sound that the model needs, while labels cover whole
sounds.

## ROC-AUC after a moving average of 0.5 s

{smoothed}

## Fall of the target's probability without the top 10 % of the segments (plain)

{drop}

## Explainers with a fixed number of calls

{fixed}

`energy`, which does not use the model, reaches 0.94: every sound here is louder than the room tone,
and another sound that is ranked above the target covers a tenth of the clip and so costs about a
tenth. ROC-AUC can distinguish explainers only above that value; on the board of such clips,
`average-precision` and `pointing-game` separate `energy` from the best explainers more clearly
(0.67 and 0.56 for `energy`, above 0.9 and 1 for the best).

## Not inferior to a forest of 3,000 calls?

Paired differences of ROC-AUC from `random-forest` at 3,000 calls, with 95 % intervals (bootstrap
over clips); not inferior means that the whole interval lies above -{margin}. Smoothed explanations
are compared with the smoothed forest.

{compared}

Made by `python perf/model_calls.py`; the individual values are in
[model-calls.csv](model-calls.csv).
"""


def read(path: Path) -> Scores:
    """Read rows into a map of (explainer, budget) to instance to (calls, plain, smoothed, drop)."""
    scores: Scores = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            values = tuple(float(row[name]) for name in ("calls", "roc-auc", "smoothed", "ff@10"))
            scores[row["explainer"], int(row["budget"])][row["instance"]] = values
    return scores


def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def curve(scores: Scores, column: int) -> str:
    """Make a table of explainers by budgets."""
    names = list(dict.fromkeys(name for name, budget in scores if budget))
    rows = []
    for name in names:
        cells = []
        for budget in BUDGETS:
            found = scores.get((name, budget))
            mean = np.mean([value[column] for value in found.values()]) if found else np.nan
            cells.append("" if np.isnan(mean) else f"{mean:.3f}")
        rows.append([name, *cells])
    return markdown(["explainer", *(f"{budget:,} calls" for budget in BUDGETS)], rows)


def fixed(scores: Scores) -> str:
    """Make the table of explainers without a budget."""
    rows = []
    for (name, budget), found in scores.items():
        if not budget:
            means = np.mean(list(found.values()), axis=0)
            rows.append([name, f"{means[0]:.0f}", *(f"{mean:.3f}" for mean in means[1:])])
    return markdown(["explainer", "calls", "ROC-AUC", "smoothed", "fall"], rows)


def difference(scores: Scores, key: Key, column: int) -> tuple[float, float, float]:
    """Return the mean paired difference from the reference and its 95 % interval."""
    reference, found = scores[REFERENCE], scores[key]
    by_clip: dict[str, list[float]] = defaultdict(list)
    for instance, values in found.items():
        by_clip[instance.split(" / ")[0]].append(values[column] - reference[instance][column])
    sums = np.array([sum(group) for group in by_clip.values()])
    counts = np.array([len(group) for group in by_clip.values()])
    drawn = np.random.default_rng(0).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(sums.sum() / counts.sum()), float(low), float(high)


def compared(scores: Scores) -> str:
    """Make the table of paired differences, cheapest first."""
    rows = []
    for key, found in scores.items():
        calls = float(np.mean([values[0] for values in found.values()]))
        if key == REFERENCE or not 0 < calls <= 520:
            continue
        cells = [f"{key[0]} ({calls:.0f} calls)"]
        for column in (1, 2):
            mean, low, high = difference(scores, key, column)
            verdict = (
                "**not inferior**" if low > -MARGIN else "open" if high > -MARGIN else "inferior"
            )
            cells += [f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]", verdict]
        rows.append((calls, cells))
    rows.sort(key=lambda row: row[0])
    return markdown(["explainer", "plain", "", "smoothed", ""], [cells for _, cells in rows])


def page(path: Path) -> str:
    """Make the page from the rows."""
    scores = read(path)
    names = scores[REFERENCE]
    counts = Counter(name.split(" / ")[1].partition(",")[0] for name in names)
    return TEXT.format(
        targets=", ".join(f"{target} {count}" for target, count in counts.most_common()),
        instances=len(names),
        clips=len({name.split(" / ")[0] for name in names}),
        plain=curve(scores, 1),
        smoothed=curve(scores, 2),
        drop=curve(scores, 3),
        fixed=fixed(scores),
        compared=compared(scores),
        margin=MARGIN,
    )
