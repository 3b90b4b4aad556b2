"""The table of README is that of the published board."""

from __future__ import annotations

from pathlib import Path

import pytest
import readme_table

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_and_the_size_are_those_of_the_board() -> None:
    if not readme_table.PAGE.is_file():
        pytest.skip("the board is not published")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    page = readme_table.PAGE.read_text(encoding="utf-8")
    found = readme_table.written(readme, page, readme_table.PAGE.parent / "submissions")
    assert readme == found, "type: python perf/readme_table.py"
