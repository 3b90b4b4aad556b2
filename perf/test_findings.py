"""Findings say what pandas and scipy find in the files of the submissions."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import finding_answers
import finding_maps
import finding_metrics
import finding_robustness
import findings
import numpy as np
import pandas as pd
import published_results
import pytest
from published_values import Board, read_boards
from scipy.stats import kendalltau

from awb.plugins.discovery import load

SUBMISSIONS = Path(__file__).resolve().parents[1] / "leaderboards" / "submissions"
NULLS = {"oracle", "random", "constant", "energy", "keep-nearly-all"}


def _long() -> Iterator[dict[str, object]]:
    for path in SUBMISSIONS.glob("*/*.json"):
        one = json.loads(path.read_text(encoding="utf-8"))
        for metric in ("roc-auc", "average-precision", "deletion-area") if "scores" in one else ():
            for row, value in zip(one["instances"], one["scores"].get(metric, []), strict=False):
                yield {
                    "folder": path.parent.name, "explainer": one["name"], "metric": metric,
                    "clip": row["clip_id"], "target": row["target"], "value": value,
                }  # fmt: skip


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    found = pd.DataFrame(_long())
    found["value"] = pd.to_numeric(found["value"])
    return found


@pytest.fixture(scope="module")
def boards() -> list[Board]:
    found = findings.usable(read_boards(SUBMISSIONS, load()))
    found.sort(key=lambda one: (one.control, one.n_instances * len(one.rows)))
    if not found:
        pytest.skip("nothing is published")
    return found[:3]


def _wide(table: pd.DataFrame, board: Board, metric: str) -> pd.DataFrame:
    own = table[(table["folder"] == board.folder) & (table["metric"] == metric)]
    wide = own.pivot(index=["clip", "target"], columns="explainer", values="value")
    if board.budget is not None:
        wide = wide.rename(columns=lambda name: name.removesuffix(f"@{board.budget}"))
    return wide


def test_tau_is_that_of_scipy(boards: list[Board], table: pd.DataFrame) -> None:
    found = finding_answers.agreement(boards, load())
    told = {row[0]: row[2] for row in found.rows if row[2]}
    assert told
    for board in finding_answers.largest(boards):
        if board.title in told and board.has("deletion-area"):
            both = [_wide(table, board, one)[board.rows] for one in ("roc-auc", "deletion-area")]
            common = both[0].notna().all(axis=1) & both[1].notna().all(axis=1)
            means = [one[common].mean().round(12) for one in both]
            tau = kendalltau(means[0], -means[1]).statistic
            assert float(told[board.title].split()[0].replace("−", "-")) == pytest.approx(
                tau, abs=0.006
            )


def test_energy_and_who_is_below_it(boards: list[Board], table: pd.DataFrame) -> None:
    found = {row[0]: row for row in finding_metrics.nulls(boards, load()).rows}
    assert found
    for board in finding_answers.largest(boards):
        if board.title not in found:
            continue
        means = _wide(table, board, "roc-auc").mean()
        _, energy, best, *_ = found[board.title]
        rows = means[board.rows]
        assert not NULLS & set(board.rows)
        assert float(energy) == pytest.approx(means["energy"], abs=6e-4)
        assert float(best.split()[-1]) == pytest.approx(rows.max(), abs=6e-4)
        assert int(found[board.title][4]) == (rows < means["energy"]).sum()


def test_correlations_are_those_of_pandas(boards: list[Board], table: pd.DataFrame) -> None:
    usable = [one for one in finding_answers.largest(boards) if len(one.rows) > 4]
    names, ranks, _ = finding_metrics.ranked(usable, load())
    found = finding_metrics.correlate(ranks)
    parts = []
    for board in usable:
        both = []
        for metric in ("roc-auc", "average-precision"):
            wide = _wide(table, board, metric)[board.rows].round(12)
            order = wide.rank(axis=1)
            both.append(order.sub(order.mean(axis=1), axis=0).stack())
        parts.append(pd.concat(both, axis=1))
    pairs = pd.concat(parts)
    expected = (pairs[0] * pairs[1]).sum() / np.sqrt((pairs**2).sum().prod())
    at = names.index("roc-auc"), names.index("average-precision")
    assert found[at] == pytest.approx(expected, abs=1e-9)


def test_families_differ_by_the_mean_of_their_means(
    boards: list[Board], table: pd.DataFrame
) -> None:
    found = finding_answers.gradients(boards, load())
    for row in found.rows:
        board = next(one for one in finding_answers.largest(boards) if one.title == row[0])
        wide = _wide(table, board, "roc-auc")
        back, masking = (
            wide[[name for name in each if name in board.rows]].mean(axis=1)
            for each in (finding_answers.BACKWARD, finding_answers.MASKING)
        )
        told = float(row[1].split()[0].replace("−", "-"))
        assert told == pytest.approx((back - masking).mean(), abs=6e-4)


def _made(values: dict[str, list[float]]) -> Board:
    n = len(next(iter(values.values())))
    index = pd.MultiIndex.from_tuples(
        [(f"clip-{at:02d}", "t") for at in range(n)], names=["clip_id", "target"]
    )
    table = pd.DataFrame(values, index=index)
    ones = pd.Series(1.0, index=table.columns)
    return Board(
        "made", ("d", "m"), "made", None, {}, False, {"roc-auc": table, "deletion-area": 1 - table},
        ones, ones, {}, frozenset(NULLS),
    )  # fmt: skip


def test_sentences_follow_the_numbers() -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, (4, 30))
    short, long = list(0.6 + noise[0]), list(0.9 + noise[1])
    others = {"random-forest": list(0.8 + noise[2]), "linear-regression": list(0.7 + noise[3])}
    row = "kernel-shap:window_s=0.5"
    yes = finding_answers.players([_made({"kernel-shap": short, row: long, **others})], load())
    no = finding_answers.players([_made({"kernel-shap": long, row: short, **others})], load())
    assert yes.sentences[0].startswith("**Yes:")
    assert "localizes worst on the one board" in yes.sentences[1]
    assert "on players of 0.5 s, on this board no longer" in yes.sentences[1]
    assert "This rests on one pair of model and data, made." in yes.sentences[-1]
    assert no.sentences[0].startswith("**No:")
    assert finding_answers.players([], load()).sentences[0].startswith("**No board has")


def test_more_instances_tell_more_pairs_apart() -> None:
    noise = np.random.default_rng(1).normal(0, 0.15, (6, 120))
    board = _made({f"e{at}": list(0.5 + 0.03 * at + noise[at]) for at in range(6)})
    shares = finding_metrics.shares_apart(board)
    assert list(shares) == [20, 50, 100, 120]
    assert shares[20] < shares[50] < shares[120]


def test_our_side_of_published_results(boards: list[Board], table: pd.DataFrame) -> None:
    for board in boards:
        for name in board.rows[:3]:
            told = published_results.cell(board, "roc-auc", name, load())
            mean = _wide(table, board, "roc-auc")[name].mean()
            assert float(told.split()[0].replace("−", "-")) == pytest.approx(mean, abs=0.0051)
            low, high = (float(one.strip("[],").replace("−", "-")) for one in told.split()[1:])
            assert low - 0.01 <= mean <= high + 0.01
    assert published_results.cell(boards[0], "roc-auc", "no-such-row", load()) == ""
    assert published_results.study([], load()) == "No board of drums is published."


def _mean(path: Path, metric: str) -> float:
    column = json.loads(path.read_text(encoding="utf-8"))["scores"].get(metric, [])
    values = [value for value in column if value is not None]
    return float(np.mean(values)) if values else float("nan")


def test_maps_are_torn_where_the_files_say_so() -> None:
    found = read_boards(SUBMISSIONS, load())
    board = next(one for one in found if one.folder.startswith("soundscapes--soundscape-mean-"))
    own = {name: board.records[name] for name in board.rows}
    torn = {
        name
        for name, path in own.items()
        if _mean(path, "tf-pointing-game") >= 0.9 and _mean(path, "roc-auc") <= 0.65
    }
    assert torn
    told = finding_maps.maps([board])
    assert set(re.findall(r"`([^`]+)`", told.sentences[0])) == torn
    best = max(own, key=lambda name: np.nan_to_num(_mean(own[name], "tf-rank-accuracy")))
    assert f"`{best}` on {board.title}" in told.sentences[1]
    assert "This rests on one pair" in told.sentences[1]
    held = [
        np.mean(
            [np.mean(np.abs(one) > 0.01 * np.abs(one).max()) for one in relevance_of(own[name])]
        )
        for name in torn
    ]
    shares = f"from {100 * min(held):.0f} to {100 * max(held):.0f} % of the segments hold more"
    assert shares in told.sentences[0]


def relevance_of(path: Path) -> list[np.ndarray]:
    """Read the relevance of a published row from the bytes."""
    record = json.loads(path.read_text())
    packed = (path.parent / record["relevance"]["file"]).read_bytes()
    values = np.frombuffer(zlib.decompress(packed), dtype=record["relevance"]["dtype"])
    sizes = [one["n_cells"] for one in record["instances"] if one["status"] == "ok"]
    return np.split(values.astype(np.float64), np.cumsum(sizes)[:-1])


def test_robustness_is_pooled_over_the_boards_that_have_it() -> None:
    boards = read_boards(SUBMISSIONS, load())
    found = finding_robustness.pooled(finding_answers.largest(boards), load())
    assert len(found) > 10
    for name in ("naive", "saliency"):
        for metric in ("seed-stability", "random-logit"):
            records = [json.loads(path.read_text()) for path in SUBMISSIONS.glob(f"*/{name}.json")]
            values = [
                value
                for record in records
                if "instances" not in record["settings"]  # of hits
                for value in record["scores"].get(metric, [])
                if value is not None
            ]
            assert found[name][metric].mean == pytest.approx(np.mean(values))
