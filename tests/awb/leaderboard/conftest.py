"""One small run for all tests of publishing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import submissions


@pytest.fixture(scope="package")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of five explainers on three clips; not to be changed."""
    return submissions.run(tmp_path_factory.mktemp("publishing"))


@pytest.fixture(scope="package")
def published(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its leaderboards; not to be changed."""
    into = tmp_path_factory.mktemp("published") / "leaderboards"
    result = submissions.awb("publish", small_run, "--into", into, "--author", "A. Person")
    assert result.exit_code == 0, result.output
    return into


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """Leaderboards to tamper with."""
    return Path(shutil.copytree(published, tmp_path / "leaderboards"))
