"""Exact reuse is exact: whole boards, with it and without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import real_sounds
from awb.harness import run as runner
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.formats.long_table import write
from awb.leaderboard.formats.text import to_json
from awb.perturbation import perturber
from awb.perturbation.scorers.clips import ClipScorer
from awb.plugins.discovery import load


def _whole_clips(
    model: Any,
    renderer: Any,
    segments: Any,
    class_index: int,
    memory: Any,
) -> ClipScorer:
    return ClipScorer(model, renderer, class_index)


def _run(out: Path, **settings: Any) -> tuple[str, bytes, list[str]]:
    config = make_config(
        explainers=["linear-regression", "random"],
        baselines=False,
        metrics=["roc-auc", "deletion-area"],
        samples=25,
        **settings,
    )
    folder = runner.run(config, out, Resources(jobs=1))
    statuses = [row.status for row in folder.store().explanations()]
    return to_json(boards(folder, load())), write(folder.store().scores(), "csv"), statuses


def _compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    *reused, statuses = _run(tmp_path / "reused", **settings)
    monkeypatch.setattr(perturber, "make_scorer", _whole_clips)
    *plain, _ = _run(tmp_path / "plain", **settings)
    assert reused == plain
    assert statuses
    assert set(statuses) == {"ok"}


def test_frames_of_the_embedded_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _compare(tmp_path, monkeypatch, datasets=["soundscapes"], clips=2)


@pytest.mark.slow
def test_patches_of_yamnet(
    test_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert")
    data = real_sounds.build(tmp_path / "sounds", test_data / "sounds", clips=1)
    model = f"yamnet:path={test_data / 'yamnet' / 'yamnet.tflite'}"
    _compare(tmp_path, monkeypatch, datasets=[f"folder:{data}"], models=[model], min_score=-100.0)
