"""Rows of scores in arrays are read like a list of them."""

from __future__ import annotations

import itertools
import math
import sys

import numpy as np

from awb.harness.storage.score_table import ScoreTable, by_explanation, rows_because, rows_of
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.layout import Layout

RNG = np.random.default_rng(0)
ROWS = [
    ScoreRow(
        "d", "m", explainer, clip, target, metric,
        math.nan if explainer == "b" and metric == "iou" else float(RNG.random()),
        "failed: it broke" if explainer == "b" and metric == "iou" else "",
    )
    for clip, target, explainer, metric in itertools.product(
        ("c1", "c2", "c3"), ("Dog", "Cat"), "ab", ("auc", "iou")
    )
]  # fmt: skip
TABLE = ScoreTable(ROWS)


def _plain(rows: object) -> list[str]:
    return [repr(row) for row in rows]  # type: ignore[attr-defined]  # NaN equals itself as text


def test_it_is_a_list_of_the_rows() -> None:
    assert len(TABLE) == len(ROWS)
    assert _plain(TABLE) == _plain(ROWS)
    assert _plain([TABLE[0], TABLE[-1]]) == _plain([ROWS[0], ROWS[-1]])
    assert _plain(TABLE[3:9:2]) == _plain(ROWS[3:9:2])
    assert list(ScoreTable()) == []


def test_columns_are_the_same_rows() -> None:
    found, key = ScoreTable(), lambda row: (row.explainer, row.metric)
    for (explainer, metric), some in itertools.groupby(sorted(ROWS, key=key), key):
        rows = list(some)
        found.append_column(
            ("d", "m", explainer), metric, [(row.clip_id, row.target) for row in rows],
            [row.value for row in rows], [row.reason for row in rows],
        )  # fmt: skip
    assert sorted(_plain(found)) == sorted(_plain(ROWS))
    assert repr(by_explanation(TABLE)) == repr(by_explanation(ROWS))


def test_some_rows() -> None:
    for scores in (TABLE, ROWS):
        assert _plain(rows_of(scores, "iou")) == _plain(r for r in ROWS if r.metric == "iou")
        assert list(rows_of(scores, "f1")) == []
        failed = list(rows_because(scores, "failed"))
        assert len(failed) == 6
        assert {row.explainer for row in failed} == {"b"}
        assert list(rows_because(scores, "stopped")) == []


def test_its_grid_is_that_of_the_list() -> None:
    places = {(row.clip_id, row.target, row.explainer) for row in ROWS}
    layout = Layout(
        [ExplanationRow("d", "m", name, clip, target, "ok", "", 1, 1.0, 0.1)
         for clip, target, name in sorted(places)]
    )  # fmt: skip
    for metric in ("auc", "iou", "f1"):
        expected = layout.grid(ROWS, metric)
        np.testing.assert_array_equal(layout.grid(TABLE, metric), expected)
    assert np.isfinite(layout.grid(TABLE, "auc")).all()


def test_a_row_takes_twenty_bytes() -> None:
    table = ScoreTable(ROWS * 500)
    held = sum(sys.getsizeof(getattr(table, name)) for name in table.__slots__)
    assert held / len(table) < 24
