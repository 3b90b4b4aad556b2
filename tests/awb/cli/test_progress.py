"""Progress output without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from awb.cli.progress import _lines


def test_a_pipe_gets_at_most_one_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 10.0, 59.0, 61.0, 61.0, 70.0, 400.0])
    update = _lines(Path("run"), "Run folder", lambda: next(clock))
    for done in range(6):
        update("Explaining", done, 5)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["Run folder: run", *(f"Explaining: {done} of 5" for done in (0, 3, 5))]
