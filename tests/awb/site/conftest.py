"""A small site with hostile texts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import small_data
from browser import METRICS, awb, make_run, nasty_data

MORE_METRICS = "mass-accuracy,event-margin,insertion-area,complexity,local-accuracy"
"""None of them is a main metric, and the last one has no values here."""

AUTHOR = "<script>window.hacked=3</script>"
NOTE = "see https://example.org/?a=1&b=<i> and javascript:alert(1) ../../etc"
CITATION = 'doi:10.1000/182" onclick="window.hacked=4'


@pytest.fixture(scope="package")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leaderboards of two datasets with their site, shared and read-only."""
    folder = tmp_path_factory.mktemp("site")
    data = [nasty_data(folder / "nasty"), small_data.build(folder / "plain", 3)]
    run = make_run(folder / "run", *data, metrics=f"{METRICS},{MORE_METRICS}")
    into = folder / "leaderboards"
    result = awb("publish", run, "--into", into, "--author", AUTHOR, "--note", NOTE,
                 "--citation", CITATION)  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == str(into / "site" / "index.html")
    return into


@pytest.fixture
def copy(boards: Path, tmp_path: Path) -> Path:
    """A copy of the leaderboards that tests may change."""
    return Path(shutil.copytree(boards, tmp_path / "leaderboards"))
