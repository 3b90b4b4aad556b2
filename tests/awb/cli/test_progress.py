"""Progress output without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from awb.cli.progress import _lines


def test_a_pipe_gets_an_estimate_and_then_at_most_one_line_a_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = [0.0]
    update = _lines(Path("run"), "Run folder", lambda: clock[0])
    for done, now_s in enumerate([0, 20, 40, 59, 70, 100, 120, 170, 180, 190, 200]):
        clock[0] = float(now_s)
        update("Explaining", done, 10)
    assert capsys.readouterr().err.splitlines() == [
        "Run folder: run",
        "Explaining: 0 of 10",
        "Explaining: 3 of 10, about 2 min left",
        "Explaining: 6 of 10, about 1 min left",
        "Explaining: 8 of 10, about 50 s left",
        "Explaining: 10 of 10",
    ]
