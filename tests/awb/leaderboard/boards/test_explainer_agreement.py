"""Agreement of explainers, against scipy on each pair and instance by itself."""

from __future__ import annotations

import csv
import io
import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

import awb as library
import small_data
from awb.errors import RunError
from awb.harness.selection.manifest import Manifest
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.store import ExplanationRow
from awb.intervals import FloatArray
from awb.leaderboard.boards.construction import BoardData
from awb.leaderboard.boards.explainer_agreement import (
    RESAMPLES,
    ExplainerAgreement,
    explainer_agreement,
)
from awb.leaderboard.formats.explainer_agreement import to_records, to_text
from awb.metrics import top_k_overlap
from awb.randomness import RandomKey
from awb.statistics import mean_interval
from browser import awb

NAMES = ("flat", "a", "b", "like-a", "opposite", "ties", "partial")
Table = dict[tuple[str, str], dict[str, FloatArray]]


def _relevances() -> Table:
    """Nine instances of five clips, of different lengths."""
    rng = np.random.default_rng(0)
    found: Table = {}
    for at in range(9):
        n = 20 + at
        a, b = rng.normal(size=n), rng.normal(size=n)
        own = {
            "flat": np.ones(n),
            "a": a,
            "b": b,
            "like-a": np.exp(a) + 0.05 * rng.normal(size=n),
            "opposite": -a,
            "ties": np.round(a + b),
        }
        if at % 3:
            own["partial"] = a + rng.normal(size=n) if at != 4 else np.zeros(n)
        found[f"clip-{at // 2}", f"t{at % 2}"] = own
    return found


def _found(relevances: Table) -> ExplainerAgreement:
    rows = [
        ExplanationRow("d", "m", name, *pair, "ok" if name in own else "failed", "", 1, 1.0, 0.1)
        for pair, own in relevances.items()
        for name in NAMES
    ]
    data = BoardData(Manifest("d", "m", "", (), ()), [], rows, [], frozenset(), 7)
    return explainer_agreement(data, relevances)


def test_means_are_those_of_scipy_over_the_instances_that_both_have() -> None:
    relevances = _relevances()
    found = _found(relevances)
    assert found.left_out == ("flat",)
    assert sorted(found.names) == sorted(set(NAMES) - {"flat"})
    assert len(found.pairs) == 15
    for pair in found.pairs:
        values, tops, clips = [], [], []
        for (clip, _), own in sorted(relevances.items()):
            both = own.get(pair.first), own.get(pair.second)
            if any(one is None or np.ptp(one) == 0 for one in both):
                continue
            values.append(float(spearmanr(*both).statistic))
            tops.append(top_k_overlap(*both, k=round(both[0].size / 5)))
            clips.append(clip)
        assert pair.n_instances == len(values) == (5 if "partial" in str(pair) else 9)
        assert pair.n_clips == len(set(clips))
        rng = RandomKey((7, "explainer agreement")).generator("resamples")
        expected = mean_interval(
            values, clips, lowest=-1.0, highest=1.0, resamples=RESAMPLES, rng=rng
        )
        for end in ("mean", "low", "high"):
            assert getattr(pair.correlation, end) == pytest.approx(getattr(expected, end))
        assert pair.correlation.mean == pytest.approx(np.mean(values), abs=1e-12)
        assert pair.overlap.mean == pytest.approx(np.mean(tops), abs=1e-12)


def test_explainers_that_are_alike_stand_side_by_side_and_are_grouped() -> None:
    found = _found(_relevances())
    assert abs(found.names.index("a") - found.names.index("like-a")) == 1
    assert {frozenset(group) for group in found.groups} == {frozenset({"a", "like-a"})}
    matrix = found.matrix("correlation")
    np.testing.assert_array_equal(matrix, matrix.T)
    place = {name: at for at, name in enumerate(found.names)}
    assert matrix[place["a"], place["opposite"]] == pytest.approx(-1.0)
    assert found.matrix("overlap")[place["a"], place["opposite"]] == 0.0


def test_the_order_of_the_explainers_does_not_matter() -> None:
    relevances = _relevances()
    turned = {pair: dict(reversed(own.items())) for pair, own in relevances.items()}
    assert _found(dict(reversed(turned.items()))) == _found(relevances)


def test_one_explainer_agrees_with_nobody() -> None:
    only = {pair: {"a": own["a"], "flat": own["flat"]} for pair, own in _relevances().items()}
    with pytest.raises(RunError, match="needs two explainers whose relevance has an order; there"):
        _found(only)


def test_explainers_without_common_instances_have_a_dash() -> None:
    pairs = list(_relevances().items())
    apart = {
        pair: {"a": own["a"]} if at < 4 else {"b": own["b"]} for at, (pair, own) in enumerate(pairs)
    }
    found = _found(apart)
    [pair] = found.pairs
    assert pair.n_instances == 0
    assert math.isnan(pair.correlation.mean)
    assert "–" in to_text(found, "table")
    assert to_records([found])[0]["correlation"] is None


def test_a_narrow_terminal_gets_every_column_in_lines_that_fit() -> None:
    found = _found(_relevances())
    text = to_text(found, "table", width=40)
    *blocks, _ = text.split("\n\n")[1:]
    assert len(blocks) > 1
    assert max(len(line) for block in blocks for line in block.splitlines()) <= 40
    heads = " ".join(block.splitlines()[0] for block in blocks).replace("explainer", "").split()
    assert heads == [str(number) for number in range(1, 7)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("agree")
    library.run(
        datasets=f"folder:{small_data.build(folder / 'data', 3)}", models="loudness",
        explainers=["naive", "keep-window", "ridge", "random-forest"], samples=60,
        metrics="roc-auc", cache="off", out=folder / "run",
    )  # fmt: skip
    return folder / "run"


def test_the_command_compares_what_the_run_stores(run: Path) -> None:
    done = awb("agree", run, "--explainers", "--format", "csv")
    assert done.exit_code == 0, done.output
    folder = RunFolder.open(run)
    [manifest] = folder.manifests()
    stored = folder.store().relevances(manifest.dataset, manifest.model)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    asked = {"naive", "keep-window", "ridge", "random-forest"}
    able = asked | {"random", "energy", "keep-nearly-all", "oracle"}
    assert {frozenset((row["first"], row["second"])) for row in rows} == {
        frozenset(pair) for pair in combinations(able, 2)
    }
    for row in rows:
        values = [
            spearmanr(own[row["first"]], own[row["second"]]).statistic for own in stored.values()
        ]
        assert float(row["correlation"]) == pytest.approx(np.mean(values), abs=1e-12)
        assert int(row["n_instances"]) == int(row["n_clips"]) == 3
    plain = json.loads(awb("agree", run, "--explainers", "--format", "json").stdout)
    assert [f"{one['correlation']:.6f}" for one in plain] == [
        f"{float(row['correlation']):.6f}" for row in rows
    ]
    frame = library.load_run(run).agreement()
    assert frame["correlation"].tolist() == [one["correlation"] for one in plain]


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_command_draws_a_heat_map(run: Path, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"alike.{form}"
    done = awb("agree", run, "--explainers", "--plot", path)
    assert done.exit_code == 0, done.output
    assert "agreement of 8 explainers, 3 instances" in done.stdout
    assert "Left out, as constant or without explanations: constant" in done.stdout
    assert path.stat().st_size > 1000
    if form == "svg":
        page = path.read_text(encoding="utf-8")
        assert all(name in page for name in ("keep-window", "rank correlation", "top fifth"))


def test_the_report_has_the_same_agreement(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert awb("report", run, "--out", path, "--instances", "0").exit_code == 0
    page = path.read_text(encoding="utf-8")
    assert "Do explainers agree?" in page
    for one in json.loads(awb("agree", run, "--explainers", "--format", "json").stdout):
        assert any(
            f"{first} and {second}: rank correlation {one['correlation']:.2f}" in page
            for first, second in ((one["first"], one["second"]), (one["second"], one["first"]))
        )


def test_metrics_and_explainers_are_not_compared_at_once(run: Path) -> None:
    done = awb("agree", run, "--explainers", "--metrics", "roc-auc")
    assert done.exit_code == 2
    assert "--explainers compares relevance, which has no --metrics" in done.stderr
