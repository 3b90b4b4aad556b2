"""One small run for all tests of publishing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import submissions


@pytest.fixture(scope="package")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of five explainers on three clips; read-only."""
    return submissions.run(tmp_path_factory.mktemp("publishing"))


@pytest.fixture(scope="package")
def published(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The leaderboards of the small run; read-only."""
    into = tmp_path_factory.mktemp("published") / "leaderboards"
    result = submissions.awb("publish", small_run, "--into", into, "--author", "A. Person")
    assert result.exit_code == 0, result.output
    return into


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """A copy of the leaderboards that tests may change."""
    return Path(shutil.copytree(published, tmp_path / "leaderboards"))
