"""Boards with and without reuse of parts are the same, to the last digit."""

from __future__ import annotations

from pathlib import Path

import pytest

from awb.harness import run as runner
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.leaderboard.formats.long_table import write

_METRICS = ["deletion-area", "random-logit"]


def _run(out: Path) -> tuple[bytes, list[tuple[int, float]]]:
    config = make_config(
        datasets=["clever-hans"], models=["clever-hans-clean"], clips=1, samples=20,
        masker="noise", metrics=_METRICS, explainers=["linear-regression"], baselines=False,
        robustness=1,
    )  # fmt: skip
    store = runner.run(config, out, Resources(jobs=1)).store()
    cost = [(row.calls, row.forwards) for row in store.explanations()]
    return write(store.scores(), "csv"), cost


def test_a_board_is_the_same_with_reuse_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_reuse, cheap = _run(tmp_path / "on")
    monkeypatch.setenv("AWB_REUSE", "off")
    without, plain = _run(tmp_path / "off")
    assert with_reuse == without
    assert with_reuse.count(b"random-logit") == 1
    assert [calls for calls, _ in cheap] == [calls for calls, _ in plain]
