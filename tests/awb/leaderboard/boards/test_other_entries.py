"""No entry changes what a board says of another, and failing does not pay."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import BoardData, at_budgets, make_board
from awb.leaderboard.boards.message import message_of
from awb.leaderboard.boards.outlook import outlook_sentences
from awb.leaderboard.formats import text
from awb.metrics.facts import MetricFacts
from golden.strategies import quick

N = 40
WHERE = [(f"clip-{at // 2:02d}", f"target-{at % 2}") for at in range(N)]


def _data(
    values: Mapping[str, np.ndarray],
    *,
    higher: bool = True,
    lowest: float = 0.0,
    only: Collection[int] = range(N),
) -> BoardData:
    """NaN is a failed explanation; of unfinished runs, only some instances are stored."""
    facts = MetricFacts(name="metric", family="fidelity", summary="s", unit="u", undefined="n",
                        higher_is_better=higher, lowest=lowest, highest=1,
                        citation="c")  # fmt: skip
    kept = tuple(Kept(*pair, 0, ((0.0, 1.0),), 1.0, "hash") for pair in WHERE)
    scores, explanations = [], []
    for name, row in values.items():
        for at in only:
            status = "failed" if math.isnan(row[at]) else "ok"
            explanations.append(ExplanationRow("d", "m", name, *WHERE[at], status, "", 9, 9.0, 0.1))
            scores.append(ScoreRow("d", "m", name, *WHERE[at], "metric", float(row[at]), ""))
    manifest = Manifest("d", "m", "w", kept, ())
    return BoardData(manifest, scores, explanations, [facts], frozenset({"random"}), 0)


def _board(values: Mapping[str, np.ndarray], *, higher: bool = True) -> Board:
    return make_board(_data(values, higher=higher))


def _entries(seed: int, n_entries: int) -> dict[str, np.ndarray]:
    """Honest entries around different levels, each of which misses up to four instances."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(0, 0.1, N)
    entries = {"random": np.full(N, 0.5)}
    for number in range(n_entries):
        row = np.clip(rng.uniform(0.4, 0.9) + hard + rng.normal(0, 0.05, N), 0, 1)
        row[rng.permutation(N)[: rng.integers(0, 5)]] = math.nan
        entries[f"entry-{number}"] = row
    return entries


def _useless(kind: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    row = rng.random(N) if kind == "noise" else np.zeros(N)
    row[rng.random(N) < {"noise": 0.0, "worst": 0.0, "gaps": 0.04, "holes": 0.5}.get(kind, 1.0)] = (
        math.nan
    )
    return row


@quick
@given(
    st.integers(0, 10_000),
    st.integers(1, 6),
    st.sampled_from(["noise", "worst", "gaps", "holes", "nothing"]),
    st.booleans(),
)
def test_a_useless_entry_changes_nobody_else(
    seed: int, n_entries: int, kind: str, higher: bool
) -> None:
    entries = _entries(seed, n_entries)
    alone = _board(entries, higher=higher)
    rows = {row.explainer: row for row in alone.rows}
    joined = _board({**entries, "useless": _useless(kind, seed)}, higher=higher)
    others = [row for row in joined.rows if row.explainer != "useless"]
    assert [row.explainer for row in others] == [row.explainer for row in alone.rows]
    for row in others:
        assert (row.cells, row.coverage) == (
            rows[row.explainer].cells,
            rows[row.explainer].coverage,
        )
        assert (row.place is None) == (rows[row.explainer].place is None)
    ranked = [row for row in others if row.rank is not None]
    before = [rows[row.explainer].rank for row in ranked]
    assert [sum(other.rank < row.rank for other in ranked) + 1 for row in ranked] == before


@quick
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_a_cell_is_the_mean_of_its_own_values(seed: int, n_entries: int) -> None:
    entries = _entries(seed, n_entries)
    for row in _board(entries).rows:
        own = entries[row.explainer]
        assert row.cells[0].mean == pytest.approx(np.nanmean(own))
        assert row.cells[0].n == np.isfinite(own).sum()
        enough = np.isfinite(own).mean() >= 0.95
        assert (row.place is not None) == (enough and row.explainer != "random")


def test_twenty_entries_that_each_miss_another_instance_do_not_empty_the_board() -> None:
    entries = {f"entry-{at}": np.full(N, 0.5 + at / 100) for at in range(20)}
    for at, row in enumerate(entries.values()):
        row[2 * at : 2 * at + 2] = math.nan
    board = _board(entries)
    assert [row.cells[0].n for row in board.rows] == [N - 2] * 20
    assert [row.rank for row in board.rows] == list(range(1, 21))


@pytest.mark.parametrize("higher", [True, False])
def test_failing_on_hard_instances_does_not_pay(higher: bool) -> None:
    rng = np.random.default_rng(3)
    honest = rng.uniform(0.6, 0.9, N)
    honest[[3]] = 0.01  # hard, and worse than random
    cheat = np.where(honest < 0.1, math.nan, honest)
    sign = (lambda row: row) if higher else (lambda row: 1 - row)
    values = {"cheat": sign(cheat), "honest": sign(honest), "random": np.full(N, 0.5)}
    board = _board(values, higher=higher)
    places = {row.explainer: row.rank for row in board.rows}
    assert places == {"honest": 1, "cheat": 2, "random": None}
    means = {row.explainer: row.cells[0] for row in board.rows}
    better = means["cheat"].mean > means["honest"].mean
    assert better == higher, "its own mean is better, and its n says why"
    assert means["cheat"].n == N - 1
    assert board.outlook is not None
    assert board.outlook.open, "one instance tells nothing"


def test_without_a_worst_value_a_place_takes_every_instance() -> None:
    rng = np.random.default_rng(0)
    values = {"gap": rng.random(N), "whole": rng.random(N)}
    values["gap"][0] = math.nan
    board = make_board(_data(values, lowest=-math.inf))
    assert {row.explainer: row.rank for row in board.rows} == {"gap": None, "whole": 1}


def test_baselines_decide_where_a_metric_can_have_a_value() -> None:
    """An entry that alone has values somewhere takes nobody's place."""
    base = np.where(np.arange(N) < 30, 0.5, math.nan)
    entry = np.where(np.arange(N) < 30, 0.7, math.nan)
    values = {"entry": entry, "everywhere": np.full(N, 0.9), "random": base}
    data = _data(values)
    undefined = [row for row in data.explanations if row.status == "failed"]
    assert undefined, "failed explanations would cost coverage; these are undefined scores"
    data.explanations[:] = [
        ExplanationRow("d", "m", row.explainer, row.clip_id, row.target, "ok", "", 9, 9.0, 0.1)
        for row in data.explanations
    ]
    board = make_board(data)
    assert {row.explainer: row.rank for row in board.rows} == {
        "everywhere": 1, "entry": 2, "random": None}  # fmt: skip
    assert {row.cells[0].n for row in board.rows if row.rank == 2} == {30}


def test_an_unfinished_run_says_so_first_and_ranks_nobody() -> None:
    data = _data({"a": np.full(N, 0.9), "b": np.full(N, 0.5)}, only=range(15))
    board = make_board(data)
    assert not board.finished
    assert [row.place for row in board.rows] == [None, None]
    assert [row.coverage for row in board.rows] == [15 / N, 15 / N]
    assert message_of(board, data) is None
    line = (
        "Unfinished: 15 of 40 instances are done, so there are no places yet. Type: awb resume RUN"
    )
    assert outlook_sentences(board) == [line]
    plain = text.to_plain(board).splitlines()
    assert plain[0] == "m on d: unfinished, 15 of 40 instances from 20 clips"
    assert plain[1] == line
    assert text.to_markdown(board).splitlines()[2] == line
    assert {row["finished"] for row in text.to_records(board)} == {False}
    assert {row["rank"] for row in text.to_records(board)} == {None}
    assert "share a letter" not in text.to_plain(board)


def test_a_board_that_no_explainer_can_afford_is_not_unfinished() -> None:
    (data,) = at_budgets(_data({"a": np.full(N, 0.9)}), [5])
    board = make_board(data)
    assert board.rows == ()
    assert board.finished


def test_what_a_board_can_tell_stands_above_it() -> None:
    rng = np.random.default_rng(1)
    clip = np.repeat(rng.normal(0, 0.1, N // 2), 2)
    values = {
        name: level + clip + rng.normal(0, 0.05, N)
        for name, level in {"good": 0.8, "as-good": 0.78, "poor": 0.4}.items()
    }
    board = _board(values)
    first, second = outlook_sentences(board)
    assert board.outlook is not None
    smallest = board.outlook.power.smallest
    assert first == (
        f"Two of the 3 explainers must typically differ by {smallest:.3f} in metric for 20 clips to"
        " tell them apart (paired test, 80 % power)."
    )
    assert 0.02 < smallest < 0.08
    leaders = sorted(board.rows, key=lambda row: row.rank or 9)[:2]
    gap = leaders[0].cells[0].mean - leaders[1].cells[0].mean
    assert second.startswith(
        f"To tell {leaders[0].explainer} from {leaders[1].explainer}, {gap:.3f} apart, would take"
    )
    assert text.to_plain(board).splitlines()[1:3] == [first, second]
    same = _board({"a": values["good"], "b": values["good"]})
    assert outlook_sentences(same) == [], "identical explainers are not told apart by any number"
    apart = _board({"a": values["good"], "b": values["poor"]})
    assert len(outlook_sentences(apart)) == 1, "they are told apart already"
