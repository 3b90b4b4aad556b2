"""Boards: ranks, coverage, common instances, and remarks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from awb.data.skipped import BAD_AUDIO, UNKNOWN_LABEL, Skipped
from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import BoardData, make_board
from awb.leaderboard.boards.layout import Layout
from awb.leaderboard.formats import text
from awb.leaderboard.formats.html import to_html
from awb.leaderboard.formats.latex import to_latex
from awb.metrics.facts import MetricFacts

AUC = MetricFacts(name="roc-auc", family="localization", summary="s", higher_is_better=True,
                  lowest=0, highest=1, unit="u", undefined="n", citation="c")  # fmt: skip
AREA = MetricFacts(name="area", family="fidelity", summary="s", higher_is_better=False,
                   lowest=0, highest=1, unit="u", undefined="n", citation="c")  # fmt: skip


def _board(
    values: dict[str, list[float]],
    *,
    failed: dict[str, set[int]] | None = None,
    metrics: tuple[MetricFacts, ...] = (AUC,),
    skipped: tuple[Skipped, ...] = (),
    per_clip: int = 1,
    windows: int = 0,
) -> Board:
    failed = failed or {}
    n_instances = len(next(iter(values.values())))
    where = [(f"clip-{i // per_clip:03d}", f"t{i % per_clip}") for i in range(n_instances)]
    if windows:
        spans = [(i // windows, 10 * (i % windows)) for i in range(n_instances)]
        where = [(f"day-{day}.wav@{start_s}-{start_s + 10}", "t") for day, start_s in spans]
    kept = tuple(Kept(clip, target, 0, ((0.0, 1.0),), 1.0, "hash") for clip, target in where)
    scores, explanations = [], []
    for name, row in values.items():
        for i, (value, (clip, target)) in enumerate(zip(row, where, strict=True)):
            bad = i in failed.get(name, set())
            explanations.append(ExplanationRow(
                "d", "m", name, clip, target, "failed" if bad else "ok",
                "it broke" if bad else "", 10, 5.0, 0.1))  # fmt: skip
            for facts in metrics:
                shown = math.nan if bad else value
                scores.append(ScoreRow("d", "m", name, clip, target, facts.name, shown, ""))
    manifest = Manifest("d", "m", "w", kept, skipped)
    baselines = frozenset({"random"})
    return make_board(BoardData(manifest, scores, explanations, list(metrics), baselines, 0))


def test_ranks_follow_the_first_metric_and_baselines_have_none() -> None:
    board = _board({"a": [0.5, 0.6], "b": [0.8, 0.9], "random": [0.7, 0.7]})
    assert [(row.rank, row.explainer) for row in board.rows] == [
        (1, "b"), (None, "random"), (2, "a")]  # fmt: skip
    assert board.rows[0].cells[0].mean == pytest.approx(0.85)


def test_ranks_are_reversed_if_lower_is_better() -> None:
    board = _board({"a": [0.5, 0.6], "b": [0.8, 0.9]}, metrics=(AREA, AUC))
    assert [row.explainer for row in board.rows] == ["a", "b"]


def test_partial_coverage_is_shown_and_not_ranked() -> None:
    rows = {"complete": [0.5] * 20, "partial": [1.0] * 20}
    board = _board(rows, failed={"partial": {0, 1}})
    assert [(row.rank, row.explainer, row.coverage) for row in board.rows] == [
        (1, "complete", 1.0), (None, "partial", 0.9)]  # fmt: skip
    assert board.failed
    assert "partial failed: it broke (2 instances)" in board.problems


def test_95_percent_coverage_is_enough() -> None:
    """Both for failed explanations and for undefined scores."""
    rows = {"complete": [0.5] * 20, "partial": [1.0] * 20, "undefined": [math.nan, *[0.75] * 19]}
    board = _board(rows, failed={"partial": {4}})
    lacking = "of 20, partial lacks 1, undefined lacks 1"
    assert (
        f"for places by roc-auc, a missing value counts as 0, the worst: {lacking}" in board.notes
    )
    assert [(row.rank, row.explainer, row.coverage) for row in board.rows] == [
        (1, "partial", 0.95), (2, "undefined", 1.0), (3, "complete", 1.0)]  # fmt: skip
    assert [row.cells[0].n for row in board.rows] == [19, 19, 20]
    assert "1.000 [0.82, 1.00] n=19 |" in text.to_markdown(board)


def test_the_order_of_stored_rows_does_not_matter() -> None:
    pairs = [(f"clip-{index % 7}", f"target-{index % 3}") for index in range(21)]
    rows = [
        ExplanationRow("d", "m", name, *pair, "ok", "", calls, 5.0, 0.1)
        for name in ("b", "a")
        for calls, pair in enumerate(pairs)
    ]
    order = [*np.random.default_rng(0).permutation(21), *(21 + np.arange(21))]
    one, other = Layout(rows), Layout([rows[index] for index in order])
    assert one.clips == other.clips == sorted(pair[0] for pair in pairs)
    assert one.names == other.names == ["b", "a"]
    assert one.column == other.column
    np.testing.assert_array_equal(one.calls, other.calls)


def test_one_explainer_without_values_does_not_empty_the_column() -> None:
    values = {"a": [0.6] * 10, "degenerate": [math.nan] * 10}
    means = {row.explainer: row.cells[0] for row in _board(values).rows}
    assert means["a"].mean == pytest.approx(0.6)
    assert math.isnan(means["degenerate"].mean)


def test_instances_without_a_value_are_reported_and_left_out() -> None:
    board = _board({"a": [0.5, math.nan, 0.7], "b": [0.1, math.nan, 0.2]})
    assert board.rows[0].cells[0].n == 2
    assert board.rows[0].rank == 1
    assert "no value on 1 of 3 instances: roc-auc" in board.notes


def test_intervals_resample_whole_clips() -> None:
    rng = np.random.default_rng(0)
    values = list(np.repeat(rng.random(20), 5))
    together = _board({"a": values}, per_clip=5).rows[0].cells[0]
    apart = _board({"a": values}, per_clip=1).rows[0].cells[0]
    assert together.mean == pytest.approx(apart.mean)
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_intervals_follow_from_the_values_alone() -> None:
    """Not from the name of an explainer, nor from the others on the board."""
    values = np.random.default_rng(0).random((3, 30))
    values[2, 4] = math.nan
    same, other, partial = values.tolist()
    full = _board({"a": same, "b": other, "again": same, "partial": partial, "twin": partial})
    cells = {row.explainer: row.cells[0] for row in full.rows}
    assert cells["again"] == cells["a"]
    assert cells["twin"] == cells["partial"]
    assert cells["partial"].n == 29
    for name, row in {"a": same, "b": other, "partial": partial}.items():
        (alone,) = [one for one in _board({name: row}).rows if one.explainer == name]
        found, expected = alone.cells[0], cells[name]
        assert [found.mean, found.low, found.high] == pytest.approx(
            [expected.mean, expected.low, expected.high], rel=1e-12
        )


def test_windows_of_a_recording_are_one_clip_to_intervals_and_tests() -> None:
    values = np.random.default_rng(0).random((2, 60)).tolist()
    values[1] = list(np.repeat(np.random.default_rng(1).random(12), 5))
    named = dict(zip("ab", values, strict=True))
    windows, clips = _board(named, windows=5), _board(named, per_clip=5)
    for one, other in zip(windows.rows, clips.rows, strict=True):
        ends = [other.cells[0].low, other.cells[0].high]
        assert [one.cells[0].low, one.cells[0].high] == pytest.approx(ends, rel=1e-9)
    assert windows.outlook is not None
    assert clips.outlook is not None
    assert windows.outlook.power.n_clips == clips.outlook.power.n_clips == 12
    assert windows.outlook.power.smallest == pytest.approx(clips.outlook.power.smallest)
    assert windows.n_clips == 60
    said = "60 clips are windows of 12 recordings, each of which counts as one clip in intervals"
    assert any(note.startswith(said) for note in windows.notes)
    one_each = _board(named, windows=1)
    assert not any("recording" in note for note in one_each.notes)


def test_what_was_left_out_is_counted() -> None:
    skipped = (Skipped("x", "", BAD_AUDIO, "x.wav: truncated"),
               Skipped("y", "Dgo", UNKNOWN_LABEL, "Did you mean Dog?"))  # fmt: skip
    board = _board({"a": [0.5]}, skipped=skipped)
    assert board.skipped == {BAD_AUDIO: 1, UNKNOWN_LABEL: 1}
    assert board.failed
    assert "audio unreadable: x.wav: truncated" in board.problems
    assert {"no class of m is called Dgo", "for Dgo: Did you mean Dog?"} <= set(board.notes)


def test_every_format_includes_every_explainer() -> None:
    values = {"first-one": [0.5, 0.6], "second-one": [math.nan, math.nan]}
    board = _board(values, failed={"second-one": {0, 1}})
    for written in (text.to_plain(board), text.to_markdown(board), text.to_csv([board]),
                 text.to_json([board]), to_latex(board), to_html(board)):  # fmt: skip
        rows = written.partition("second-one failed: it broke")[0]  # the footer names it, too
        assert "first-one" in rows
        assert "second-one" in rows
        footer = written.startswith(("dataset", r"\begin{table}"))  # CSV and LaTeX have none
        assert footer != ("it broke" in written)
        assert "nan" not in written


def test_places_have_intervals_and_letters() -> None:
    rng = np.random.default_rng(1)
    base = rng.random(40)
    values = {
        "best": list(base + 1.0),
        "twin": list(base + 0.001 * rng.standard_normal(40)),
        "other-twin": list(base + 0.001 * rng.standard_normal(40)),
        "same": list(base + 1.0),
    }
    rows = {row.explainer: row.place for row in _board(values).rows}
    best, same, twin, other = (rows[name] for name in ["best", "same", "twin", "other-twin"])
    assert best is not None
    assert same is not None
    assert twin is not None
    assert other is not None
    assert best.rank == same.rank == 1, "equal means share the best place"
    assert (best.low, best.high) == (same.low, same.high) == (1, 2), "and their interval holds it"
    assert best.groups == same.groups == "a"
    assert twin.groups == other.groups == "b"
    assert (min(twin.low, other.low), max(twin.high, other.high)) == (3, 4)
