"""The tables of a sweep: their layout, and what variants lack."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

from awb.harness.config.run_config import RunConfig
from awb.harness.config.sweeps import Variant
from awb.leaderboard.boards.board import Board, BoardRow, Cell
from awb.leaderboard.formats.sweep_table import (
    SweepBoards,
    remarks,
    sweep_csv,
    sweep_json,
    sweep_records,
    sweep_tables,
    sweep_text,
)
from awb.metrics.facts import MetricFacts

AUC, AREA = (
    MetricFacts(name=name, family="localization", summary="s", higher_is_better=better, lowest=0,
                highest=1, unit="u", undefined="n", citation="c")
    for name, better in (("roc-auc", True), ("area", False))
)  # fmt: skip


def _variant(**values: str) -> Variant:
    return Variant("--".join(values.values()), values, RunConfig())


def _board(
    means: dict[str, float],
    *,
    metrics: tuple[MetricFacts, ...] = (AUC,),
    dataset: str = "d",
    budget: int | None = None,
    n_instances: int = 3,
    problems: tuple[str, ...] = (),
    finished: bool = True,
) -> Board:
    rows = tuple(
        BoardRow(None, name, name == "random", 1.0, 5.0,
                 tuple(Cell(mean, mean - 0.1, mean + 0.1, 3) for _ in metrics))
        for name, mean in means.items()
    )  # fmt: skip
    return Board(
        dataset, "m", metrics, rows, n_instances, 3, {}, problems, (), "hash", finished, budget
    )


def _sweep(*found: tuple[Variant, Board], waiting: tuple[str, ...] = ()) -> SweepBoards:
    return SweepBoards(tuple((variant, (board,)) for variant, board in found), waiting)


def test_variants_are_rows_and_explainers_columns_baselines_last() -> None:
    [table] = sweep_tables(
        _sweep(
            (_variant(masker="zeros"), _board({"random": 0.5, "a": 0.7})),
            (_variant(masker="noise"), _board({"a": 0.8, "b": 0.9, "random": 0.5}, n_instances=2)),
        )
    )
    assert table.title == "roc-auc ↑ of m on d"
    assert table.header == ("masker", "n", "a", "b", "random")
    assert table.rows == (
        ("zeros", "3", "0.700 [0.60, 0.80]", "", "0.500 [0.40, 0.60]"),
        ("noise", "2", "0.800 [0.70, 0.90]", "0.900 [0.80, 1.00]", "0.500 [0.40, 0.60]"),
    )


def test_each_metric_dataset_and_budget_has_its_own_table() -> None:
    given = _sweep(
        (_variant(datasets="d"), _board({"a": 0.1}, metrics=(AUC, AREA))),
        (_variant(datasets="e"), _board({"a": 0.2}, dataset="e")),
        (_variant(datasets="f"), _board({"a": 0.3}, dataset="e", budget=1000)),
    )
    assert [table.title for table in sweep_tables(given)] == [
        "roc-auc ↑ of m on d",
        "area ↓ of m on d",
        "roc-auc ↑ of m on e",
        "roc-auc ↑ of m on e, at most 1,000 model calls",
    ]


def test_a_variant_without_a_metric_has_empty_cells() -> None:
    given = _sweep(
        (_variant(metrics="roc-auc"), _board({"a": 0.1})),
        (_variant(metrics="area"), _board({"a": 0.2}, metrics=(AREA,))),
    )
    first, second = sweep_tables(given)
    assert [row[-1] for row in first.rows] == ["0.100 [0.00, 0.20]", ""]
    assert [row[-1] for row in second.rows] == ["", "0.200 [0.10, 0.30]"]


@pytest.mark.parametrize(
    ("board", "waiting", "line"),
    [
        (_board({"a": 0.1}, problems=("a failed: why",)), (), "Problem of zeros: a failed: why"),
        (_board({}, n_instances=0), (), "No instance was selected: zeros."),
        (_board({"a": 0.1}), ("noise",), "Not run yet: noise."),
    ],
)
def test_problems_are_reported_and_count_as_failed(
    board: Board, waiting: tuple[str, ...], line: str
) -> None:
    given = _sweep((_variant(masker="zeros"), board), waiting=waiting)
    assert given.failed
    assert line in remarks(given)
    assert line in sweep_text(given)
    assert f"- {line}" in sweep_text(given, "github")


def test_unfinished_variants_are_reported_and_finished_ones_need_no_remark() -> None:
    unfinished = _sweep((_variant(masker="zeros"), _board({"a": 0.1}, finished=False)))
    assert "Not finished: zeros." in remarks(unfinished)
    finished = _sweep((_variant(masker="zeros"), _board({"a": 0.1})))
    assert not finished.failed
    assert len(remarks(finished)) == 1


def test_a_narrow_table_names_settings_once_per_variant() -> None:
    given = _sweep(
        (_variant(masker="zeros", seed="0"), _board({"a": 0.1, "b": 0.2}, metrics=(AUC, AREA))),
        (_variant(masker="zeros", seed="1"), _board({"a": 0.3}, metrics=(AUC, AREA))),
    )
    title, _, header, _, *rows = sweep_text(given, width=40).splitlines()
    assert title == "m on d"
    assert header.split() == ["masker", "seed", "n", "explainer", "roc-auc", "↑"]
    assert "1 column left out (area)" in "".join(rows)
    assert [row.split()[:4] for row in (rows[0], rows[2])] == [
        ["zeros", "0", "3", "a"],
        ["zeros", "1", "3", "a"],
    ]
    assert rows[1].split()[0] == "b"
    wide = sweep_text(given)
    longest = max(map(len, wide.splitlines()[:8]))
    assert sweep_text(given, width=longest) == wide != sweep_text(given, width=longest - 1)


def test_records_have_the_values_of_the_variant_and_the_row() -> None:
    given = _sweep(
        (_variant(masker="zeros"), _board({"a": 0.25})),
        (_variant(masker="noise"), _board({"a": math.nan})),
    )
    first, second = sweep_records(given)
    assert (first["variant"], first["masker"], first["explainer"]) == ("zeros", "zeros", "a")
    assert (first["roc-auc_mean"], second["roc-auc_mean"]) == (0.25, None)
    rows = list(csv.DictReader(io.StringIO(sweep_csv(given))))
    assert [(row["masker"], row["roc-auc_mean"]) for row in rows] == [
        ("zeros", "0.25"),
        ("noise", ""),
    ]
    plain = json.loads(sweep_json(given))
    assert [one["values"] for one in plain["variants"]] == [
        {"masker": "zeros"},
        {"masker": "noise"},
    ]
    assert plain["not_run"] == []


def test_without_boards_there_is_no_table() -> None:
    assert sweep_tables(SweepBoards((), ("zeros",))) == []
    assert "Not run yet: zeros." in sweep_text(SweepBoards((), ("zeros",)), width=10)
