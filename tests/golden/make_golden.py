"""Make the golden files: cases, and the scores that the slow metrics give them.

Run from the root of the repository::

    PYTHONPATH=tests python tests/golden/make_golden.py

It writes ``localization.json``, ``fidelity.json`` and ``complexity.json`` beside itself. Nothing of
awb is imported here.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from golden import slow_fidelity, slow_localization

FOLDER = Path(__file__).parent
DIGITS = 12
Case = dict[str, Any]


def written_cases() -> list[Case]:
    """List the traps by hand: name, relevance, labels."""
    flat = [2.5] * 10
    rising = [float(index) for index in range(10)]
    start, middle, end = ([0] * a + [1] * 2 + [0] * (8 - a) for a in (0, 4, 8))
    rows: list[tuple[str, list[float], list[int]]] = [
        ("constant, event at the start", flat, start),
        ("constant, event in the middle", flat, middle),
        ("constant, event at the end", flat, end),
        ("constant zero", [0.0] * 10, middle),
        ("constant that sums with noise", [0.1] * 7, [0, 0, 1, 1, 0, 0, 0]),
        ("rising, event at the end", rising, end),
        ("rising, event at the start", rising, start),
        ("labels themselves", [float(label) for label in middle], middle),
        ("labels reversed", [1.0 - label for label in middle], middle),
        ("ignored edges", [0, 5, 9, 9, 5, 0.0], [0, -1, 1, 1, -1, 0]),
        ("peak on an ignored edge", [0, 9, 3, 3, 1, 0.0], [0, -1, 1, 1, -1, 0]),
        ("three tied peaks", [4, 4, 4, 1, 0.0], [1, 0, 0, 0, 0]),
        ("ties over the last place", [7, 3, 3, 3, 1.0], [1, 1, 0, 0, 0]),
        ("negative everywhere", [-1, -2, -3, -4.0], [1, 0, 0, 0]),
        ("two cells", [1.0, 2.0], [0, 1]),
        ("two events", [0, 8, 0, 0, 3, 3, 5.0], [0, 1, 0, 0, 1, 1, 0]),
        ("nothing inside", [1, 2, 3.0], [0, 0, -1]),
        ("everything inside", [1, 2, 3.0], [1, 1, 1]),
        ("one cell", [1.0], [1]),
    ]
    return [{"name": name, "relevance": r, "labels": labels} for name, r, labels in rows]


def drawn_cases(rng: random.Random) -> list[Case]:
    """Draw cases of many lengths, half of them with ties."""
    cases: list[Case] = []
    for number in range(30):
        n = rng.choice([3, 8, 25, 40])
        few = number % 2 == 0
        relevance = [
            float(rng.randint(-2, 6)) if few else round(rng.gauss(0.2, 1), 4) for _ in range(n)
        ]
        labels = [rng.choice([1, 0, 0, 0, -1]) for _ in range(n)]
        labels[rng.randrange(n)] = 0
        labels[labels.index(0) - 1] = 1
        cases.append({"name": f"drawn {number}", "relevance": relevance, "labels": labels})
    return [case for case in cases if slow_localization.has_both(case["labels"])]


def event_rows(labels: list[int]) -> list[list[float]]:
    """Make an event of every run of positive cells, half over the ignored cells beside it."""
    rows: list[list[float]] = []
    for index, label in enumerate(labels):
        if label == 1:
            if index == 0 or labels[index - 1] != 1:
                rows.append([0.0] * len(labels))
                if index > 0 and labels[index - 1] == -1:
                    rows[-1][index - 1] = 0.5
            rows[-1][index] = 1.0
        elif label == -1 and index > 0 and labels[index - 1] == 1:
            rows[-1][index] = 0.5
    return rows


def intervals(rows: list[list[float]]) -> list[tuple[float, float]]:
    """Turn coverage into seconds, for cells of 100 ms; events that touch become one."""
    found: list[tuple[float, float]] = []
    for row in rows:
        inside = [index for index, part in enumerate(row) if part > 0]
        onset = (inside[0] + 1 - row[inside[0]]) / 10
        offset = (inside[-1] + row[inside[-1]]) / 10
        if found and found[-1][1] >= onset:
            onset = found.pop()[0]
        found.append((onset, offset))
    return found


def localization(case: Case) -> Case:
    """Score one case; None where a metric has no value."""
    slow = slow_localization
    relevance, labels = case["relevance"], case["labels"]
    rows = event_rows(labels)
    cuts = ("mean", "otsu", "annotated")
    names = ["roc-auc", "average-precision", "ndcg", "pointing-game"]
    names += ["mass-accuracy", "rank-accuracy"]
    expected: dict[str, float | None] = {}
    for name in names:
        function = getattr(slow, name.replace("-", "_"))
        expected[name] = function(relevance, labels) if slow.has_both(labels) else None
    for cut in cuts:
        both = slow.has_both(labels)
        expected[f"iou-{cut}"] = slow.iou(relevance, labels, cut) if both else None
        expected[f"f1-{cut}"] = slow.f1(relevance, labels, cut) if both else None
    expected["iou-area"] = slow.iou_area(relevance, labels) if slow.has_both(labels) else None
    edges = [index / 10 for index in range(len(labels) + 1)]
    expected["event-margin"] = slow.event_margin(relevance, rows) if rows else None
    expected["event-rank-margin"] = slow.event_rank_margin(relevance, rows) if rows else None
    for k in (1, 5):
        expected[f"event-recall@{k}"] = slow.event_recall(relevance, rows, k) if rows else None
    expected["psds"] = (
        slow.psds(relevance, edges, intervals(rows), 0.5, 0.5, 3600) if rows else None
    )
    return {
        **case,
        "event_coverage": rows,
        "intervals_s": intervals(rows),
        "expected": rounded(expected),
    }


def fidelity(rng: random.Random) -> list[Case]:
    """Draw curves and read them."""
    slow = slow_fidelity
    curves = [[1.0, 0.0], [0.5] * 6, [1 - index / 10 for index in range(11)], [0.0, 1.0, 0.25]]
    curves += [[round(rng.random(), 6) for _ in range(n + 1)] for n in (1, 7, 33, 100)]
    cases = []
    for curve in curves:
        expected: dict[str, float | None] = {"deletion-area": slow.area(curve)}
        expected |= {f"ff@{percent}": slow.ff(curve, percent) for percent in (1, 5, 10, 20, 50)}
        losses = [slow.ff(curve, percent) for percent in (1, 5, 10, 20, 50)]
        expected["comprehensiveness"] = sum(losses) / 5
        kept = [curve[slow.top_count(len(curve) - 1, percent)] for percent in (1, 5, 10, 20, 50)]
        expected["sufficiency"] = curve[-1] - sum(kept) / 5
        expected["monotonicity"] = slow.monotonicity(curve)
        cases.append({"curve": curve, "expected": rounded(expected)})
    return cases


def complexity(case: Case) -> Case:
    """Score one relevance."""
    scores = {
        "sparseness": slow_fidelity.gini(case["relevance"]),
        "complexity": slow_fidelity.entropy(case["relevance"]),
    }
    return {"name": case["name"], "relevance": case["relevance"], "expected": rounded(scores)}


def rounded(scores: dict[str, float | None]) -> dict[str, float | None]:
    """Drop float noise."""
    return {k: None if v is None else round(v, DIGITS) + 0.0 for k, v in scores.items()}


def make() -> dict[str, list[Case]]:
    """Make all files, by name."""
    rng = random.Random(20260)
    cases = written_cases() + drawn_cases(rng)
    return {
        "localization": [localization(case) for case in cases],
        "fidelity": fidelity(rng),
        "complexity": [complexity(case) for case in cases],
    }


if __name__ == "__main__":
    for stem, content in make().items():
        lines = ",\n".join(json.dumps(case) for case in content)
        (FOLDER / f"{stem}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
