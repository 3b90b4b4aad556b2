"""The simulation of a large run: whatever dies, the same is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs distributed (extra cluster)")

from scale_simulation import Measured, predicted_h, report, simulate, tasks

from awb.harness.config.limits import make_limits
from awb.harness.storage.store import Store
from awb.harness.workers.cluster import open_cluster
from awb.harness.workers.executor import InProcess
from awb.leaderboard.formats.long_table import write


@pytest.mark.slow
def test_deaths_change_nothing_that_is_stored(tmp_path: Path) -> None:
    calm, rough = Store(tmp_path / "calm.sqlite"), Store(tmp_path / "rough.sqlite")
    simulate(InProcess(), tasks(12, 0, 0.0, tmp_path), calm, 1)
    with open_cluster("local:2", make_limits()) as executor:
        found = simulate(executor, tasks(12, 2, 0.001, tmp_path), rough, 2)
    assert (found.units, found.deaths) == (12, 2)
    assert len(list(tmp_path.glob("*.died"))) == 2, "a plugin's process and a worker were killed"
    assert write(rough.scores(), "csv") == write(calm.scores(), "csv")
    assert list(rough.explanations()) == list(calm.explanations())


def _measured(gap_s: float, busy_s: float) -> Measured:
    return Measured(10, 2, 0, 5.0 * (1.0 + gap_s), 10.0, 8.0 * busy_s, 2.0 * busy_s)


def test_what_many_workers_take_is_predicted() -> None:
    found = _measured(gap_s=0.01, busy_s=0.02)
    assert (found.gap_s, found.busy_s) == (pytest.approx(0.01), pytest.approx(0.02))
    loaded_h, ideal_h = predicted_h(found, 3600, 10.0, 64)
    assert ideal_h == pytest.approx(10.0 / 64)
    assert loaded_h == pytest.approx(10.01 / 64)
    crowded_h, _ = predicted_h(found, 3600, 1.0, 64)
    assert crowded_h == pytest.approx(0.02), "one main process serves fifty units a second"
    assert "predicted for 3,600 units of 10.0 s on 64 workers: 0.156 h" in report(
        found, 3600, 10.0, 64
    )
