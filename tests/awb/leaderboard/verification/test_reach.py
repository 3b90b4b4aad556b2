"""Ties: an honest row of another machine passes a spot check, a claim out of reach does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from awb.leaderboard.verification import reach
from awb.leaderboard.verification.reach import Reach

UNIT: Any = type("Unit", (), {"key": "a"})()


@pytest.fixture
def peak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A metric that names the first peak: 1 if it is in the first half."""

    def rescore(unit: Any, relevances: Any, *, samples: int | None) -> list[dict[str, Any]]:
        assert samples is None
        return [{"peak": (float(np.argmax(one) < one.size // 2), "")} for one in relevances]

    monkeypatch.setattr(reach, "rescore_unit", rescore)


def _reach(published: list[float], found: list[float], difference: float) -> Reach:
    return Reach(UNIT, np.array(published), np.array(found), difference=difference, samples=None)


@pytest.mark.usefixtures("peak")
def test_cells_that_are_nearly_tied_may_change_places() -> None:
    almost = _reach([1.0, 0.2, 1.0 - 1e-9, 0.1], [1.0 - 1e-9, 0.2, 1.0, 0.1], 1e-9)
    assert almost.contains("peak", 1.0, 0.02)
    assert almost.contains("peak", 0.0, 0.02)


@pytest.mark.usefixtures("peak")
def test_cells_that_are_tied_on_both_machines_stay_tied() -> None:
    tied = _reach([1.0, 0.2, 1.0, 0.1], [1.0, 0.2, 1.0, 0.1], 0.0)
    assert tied.contains("peak", 1.0, 0.02)
    assert not tied.contains("peak", 0.0, 0.02)


@pytest.mark.usefixtures("peak")
def test_a_clear_order_stays() -> None:
    clear = _reach([1.0, 0.2, 0.9, 0.1], [1.0, 0.2, 0.9, 0.1], 0.01)
    assert not clear.contains("peak", 0.0, 0.02)
    assert not clear.contains("peak", None, 0.02)
    assert clear.contains("peak", 0.985, 0.02)
    assert not clear.contains("peak", 0.97, 0.02)
