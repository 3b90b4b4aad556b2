"""Two explainers compared, and all boards in a line: against the numbers of the submissions."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata

from awb.plugins.discovery import load
from awb.site.comparison import gaps_of, place_of
from awb.site.views import that_matter_first
from awb.specs import MetricSpec
from awb.statistics import difference_intervals


def _data(boards: Path) -> dict[str, Any]:
    text = (boards / "site" / "compare.html").read_text("utf-8")
    found = re.search(r'class="compare-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def _submissions(boards: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Read every submission by the folder of its board and its name."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for path in sorted(boards.glob("submissions/*/*.json")):
        if path.name != "_manifest.json":
            record = json.loads(path.read_text("utf-8"))
            found.setdefault(path.parent.name, {})[record["name"]] = record
    return found


def _values(record: dict[str, Any], metric: str) -> np.ndarray:
    return np.array([np.nan if one is None else one for one in record["scores"][metric]], float)


def _board(data: dict[str, Any], folder: str) -> dict[str, Any]:
    [board] = [one for one in data["boards"] if one["page"].split("/")[1][:-5] in folder]
    return dict(board)


def test_differences_are_those_of_the_published_scores(boards: Path) -> None:
    data = _data(boards)
    checked = 0
    for folder, records in _submissions(boards).items():
        for metric in _board(data, folder)["metrics"]:
            names = metric["names"]
            assert len(names) > 3
            table = np.array([_values(records[name], metric["name"]) for name in names])
            table = table[:, np.isfinite(table).all(axis=0)]
            means = np.array(metric["means"]) / 1000
            np.testing.assert_allclose(means, table.mean(axis=1), atol=5e-4)
            for number, (one, other) in enumerate(combinations(range(len(names)), 2)):
                assert place_of(len(names), one, other) == number
                mean, low, high = metric["gaps"][3 * number : 3 * number + 3]
                assert mean / 1000 == pytest.approx((table[one] - table[other]).mean(), abs=5.1e-4)
                assert low <= mean <= high
                checked += 1
    assert checked == 60


def test_intervals_are_paired_over_clips(boards: Path) -> None:
    folder, records = next(iter(_submissions(boards).items()))
    clips = [row["clip_id"] for row in records["naive"]["instances"]]
    first, second = (_values(records[name], "deletion-area") for name in ("naive", "correlation"))
    [wanted] = difference_intervals(
        np.column_stack([first, second]), [(0, 1)], clips, lowest=0, highest=1,
        rng=np.random.default_rng(5),
    )  # fmt: skip
    board = _board(_data(boards), folder)
    [metric] = [one for one in board["metrics"] if one["name"] == "deletion-area"]
    names = metric["names"]
    place = 3 * place_of(len(names), names.index("correlation"), names.index("naive"))
    mean, low, high = (end / 1000 for end in metric["gaps"][place : place + 3])
    assert (-mean, -high, -low) == pytest.approx((wanted.mean, wanted.low, wanted.high), abs=0.02)


def test_turned_around_a_difference_changes_its_sign(boards: Path) -> None:
    data = _data(boards)
    pairs: list[Any] = [None] * len(data["boards"])
    one = gaps_of(data["boards"], pairs, "naive", "oracle")
    other = gaps_of(data["boards"], pairs, "oracle", "naive")
    assert len(one) == len(other) >= 4
    for gap, turned in zip(one, other, strict=True):
        assert (gap.difference, gap.low, gap.high) == (
            -turned.difference,
            -turned.high,
            -turned.low,
        )
        assert (gap.first, gap.second) == (turned.second, turned.first)
        assert {gap.better, turned.better} in ({-1}, {0, 1})


def test_the_table_without_scripts_is_that_of_the_data(boards: Path) -> None:
    text = (boards / "site" / "compare.html").read_text("utf-8")
    first, second = re.findall(r'data-role="(?:first|second)">([^<]*)<', text)
    data = _data(boards)
    gaps = gaps_of(data["boards"], [None] * len(data["boards"]), first, second)  # type: ignore[list-item]
    shown = re.findall(r'<td class="value">\+?([−\d.]+)<span class="span">(.*?)</span>', text)
    wanted = [(f"{gap.difference:z.3f}", f"{gap.low:z.3f} to {gap.high:z.3f}") for gap in gaps]
    assert sorted(shown) == sorted(tuple(x.replace("-", "−") for x in one) for one in wanted)


def test_all_boards_in_a_line_by_the_published_scores(boards: Path) -> None:
    """Rank the means of every board again, and find the best mean rank and the number of boards."""
    text = (boards / "site" / "index.html").read_text("utf-8")
    found = re.search(r"All boards together:</b> (.*?)<a", text)
    assert found is not None
    for metric, doing, sign in (
        ("roc-auc", "points best at the sounds", -1),
        ("deletion-area", "is most faithful to the model", 1),
    ):
        ranks = []
        names = ["correlation", "earliest", "naive"]
        for records in _submissions(boards).values():
            table = np.array([_values(records[name], metric) for name in names])
            table = table[:, np.isfinite(table).all(axis=0)]
            ranks.append(rankdata(np.round(sign * table.mean(axis=1), 9)))
        means = np.mean(ranks, axis=0)
        best = min(range(len(names)), key=lambda place: (means[place], names[place]))
        sentence = (
            f"{names[best]} {doing} (mean rank {means[best]:.1f} of {len(names)} over 2 boards"
        )
        assert sentence in found[1]
    assert "whether this holds on other boards is open" in found[1]


def test_the_metrics_that_matter_come_first() -> None:
    """The first of each family, the one that ranks before all, and then the second of each."""
    registry = load()
    names = ["roc-auc", "average-precision", "pointing-game", "deletion-area", "sparseness"]
    facts = []
    for name in names:
        spec = registry.get("metric", name).spec
        assert isinstance(spec, MetricSpec)
        facts.append(spec.facts)
    found = [one.name for one in that_matter_first(facts)]
    assert found == ["roc-auc", "deletion-area", "sparseness", *names[1:3]]
