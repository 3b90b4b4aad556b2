"""Agreement of metrics on a synthetic board, against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from awb.errors import RunError
from awb.harness.selection.manifest import Manifest
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.agreement import Agreement, agreements, matrix, over_boards
from awb.leaderboard.boards.construction import BoardData
from awb.metrics.facts import MetricFacts
from awb.statistics import Interval

N = 40
NAMES = ("a", "b", "c", "d", "e", "random", "partial")


def _facts(name: str, *, higher_is_better: bool = True) -> MetricFacts:
    return MetricFacts(name=name, family="fidelity", summary="s", unit="u", undefined="n",
                       higher_is_better=higher_is_better, lowest=0, highest=1,
                       citation="c")  # fmt: skip


METRICS = [_facts("auc"), _facts("area", higher_is_better=False), _facts("flat"), _facts("none")]


def _values() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    auc = rng.normal(np.linspace(0.3, 0.9, len(NAMES))[:, None], 0.3, (len(NAMES), N))
    area = -auc + rng.normal(0, 0.4, auc.shape)
    auc[1, 3] = math.nan
    area[4, 5:7] = math.nan
    area[3, :10] = math.nan  # d has too few areas to be compared by them
    flat, none = np.full(auc.shape, 0.5), np.full(auc.shape, math.nan)
    return {"auc": auc, "area": area, "flat": flat, "none": none}


def _data(metrics: list[MetricFacts], names: tuple[str, ...] = NAMES) -> BoardData:
    """Two instances per clip; ``partial`` explains half of them."""
    values, scores, explanations = _values(), [], []
    for row, name in enumerate(names):
        for at in range(N):
            where = ("data", "model", name, f"clip-{at // 2:02d}", f"target-{at % 2}")
            status = "failed" if name == "partial" and at % 2 else "ok"
            explanations.append(ExplanationRow(*where, status, "", 10, 5.0, 0.1))
            scores += [
                ScoreRow(*where, metric, float(grid[row, at]), "")
                for metric, grid in values.items()
                if status == "ok"
            ]
    manifest = Manifest("data", "model", "", (), ())
    return BoardData(manifest, scores, explanations, metrics, frozenset({"random"}), 0)


def test_agreement_is_tau_of_the_means_over_what_both_metrics_have() -> None:
    values, found = _values(), agreements(_data(METRICS))
    assert [(one.first, one.second) for one in found] == [
        ("auc", "area"), ("auc", "flat"), ("auc", "none"),
        ("area", "flat"), ("area", "none"), ("flat", "none"),
    ]  # fmt: skip
    first = found[0]
    assert (first.dataset, first.model) == ("data", "model")
    rows = [0, 1, 2, 4]
    values["auc"][1, 3] = 0.0  # what is missing counts as the worst
    values["area"][4, 5:7] = 1.0
    auc, area = (values[name][rows].mean(axis=1) for name in ("auc", "area"))
    assert (first.n_explainers, first.n_instances) == (4, N)
    assert first.tau.mean == pytest.approx(stats.kendalltau(auc, -area).statistic)
    assert -1 <= first.tau.low <= first.tau.mean <= first.tau.high <= 1
    assert all(math.isnan(one.tau.mean) for one in found[1:]), "all tied, or no values"


def test_the_order_of_the_columns_does_not_matter() -> None:
    forth, back = (agreements(_data(METRICS[:2][::step])) for step in (1, -1))
    assert forth[0].tau == back[0].tau


def test_agreement_needs_two_metrics_and_two_explainers() -> None:
    with pytest.raises(RunError, match=r"at least two metrics.*there are 1 and 5"):
        agreements(_data(METRICS[:1]))
    with pytest.raises(RunError, match=r"at least two metrics.*there are 2 and 1"):
        agreements(_data(METRICS[:2], ("a", "random")))
    assert len(agreements(_data(METRICS[:2], ("a", "b")))) == 1


def _pair(tau: float, n_explainers: int = 5, n_instances: int = 10) -> list[Agreement]:
    interval = Interval(tau, tau - 0.1, tau + 0.1)
    return [Agreement("d", "m", "auc", "area", interval, n_explainers, n_instances)]


def test_the_mean_over_boards_has_a_t_interval_on_the_scale_of_tau() -> None:
    boards = [_pair(0.32), _pair(0.35, 4, 20), _pair(math.nan, 9, 30), _pair(0.33)]
    (found,) = over_boards(boards)
    scale = 2 * stats.sem([0.32, 0.35, 0.33]) / (1 - 1 / 9)  # of 2 artanh(tau), by the delta method
    ends = stats.t.interval(0.95, 2, loc=2 * math.atanh(1 / 3), scale=scale)
    expected = tuple(math.tanh(end / 2) for end in ends)
    assert (found.tau.low, found.tau.high) == pytest.approx(expected)
    assert found.tau.mean == pytest.approx(1 / 3)
    assert (found.dataset, found.n_explainers, found.n_instances) == ("all", 4, 70)
    (wide,) = over_boards([_pair(0.9), _pair(-0.9)])
    assert -1 <= wide.tau.low < -0.9
    assert 0.9 < wide.tau.high <= 1
    (same,) = over_boards([_pair(1.0), _pair(1.0)])
    assert same.tau.low < 0


def test_one_board_has_a_mean_and_no_interval() -> None:
    (one,) = over_boards([_pair(0.4), _pair(math.nan)])
    assert one.tau.mean == 0.4
    assert math.isnan(one.tau.low)
    (none,) = over_boards([_pair(math.nan)])
    assert math.isnan(none.tau.mean)


def test_the_matrix_is_symmetric() -> None:
    names, taus = matrix(agreements(_data(METRICS[:3])))
    assert names == ["auc", "area", "flat"]
    np.testing.assert_array_equal(taus, taus.T)
    np.testing.assert_array_equal(np.diagonal(taus), 1.0)
    assert taus[0, 1] == agreements(_data(METRICS[:2]))[0].tau.mean
