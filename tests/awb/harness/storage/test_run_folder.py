"""A run folder that someone edited, or that a disk damaged, is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from awb.errors import RunError
from awb.harness.config.run_config import make_config
from awb.harness.storage.run_folder import MANIFEST_FILE, RUN_FILE, RunFolder

RECORD: dict[str, Any] = {
    "created": "2026-01-01T00:00:00",
    "cwd": "/",
    "seed": 0,
    "config": make_config().model_dump(mode="json"),
    "plugins": [{"kind": "model", "label": "a", "name": "a", "distribution": "b"}],
}


def _folder(path: Path) -> RunFolder:
    return RunFolder.create(path / "run", RECORD)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', "[" * 100_000, "\udcff"])
def test_what_is_no_record_is_not_opened(tmp_path: Path, text: str) -> None:
    path = _folder(tmp_path).path
    (path / RUN_FILE).write_text(text, errors="surrogateescape")
    with pytest.raises(RunError, match=r"run.json|format"):
        RunFolder.open(path)


@pytest.mark.parametrize(
    "change",
    [{"plugins": None}, {"plugins": [1]}, {"plugins": [{"kind": "model"}]}, {"seed": "many"},
     {"config": []}, {"created": None}, {"computed_on": [1]}, {"model_notes": {"a": 1}}],
)  # fmt: skip
def test_a_record_of_other_content_is_damaged(tmp_path: Path, change: dict[str, Any]) -> None:
    folder = _folder(tmp_path)
    content = json.loads((folder.path / RUN_FILE).read_text()) | change
    (folder.path / RUN_FILE).write_text(json.dumps(content))
    with pytest.raises(RunError, match=f"is damaged, at {next(iter(change))}"):
        folder.record()


@pytest.mark.parametrize(
    "content", [{}, {"manifests": 1}, {"manifests": [1]}, {"manifests": [{"kept": [{}]}]}]
)
def test_manifests_of_other_content_are_damaged(tmp_path: Path, content: dict[str, Any]) -> None:
    folder = _folder(tmp_path)
    (folder.path / MANIFEST_FILE).write_text(json.dumps(content))
    with pytest.raises(RunError, match=r"manifests.json is damaged"):
        folder.manifests()
