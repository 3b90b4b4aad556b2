"""The file of scores: nothing is scored twice, and nothing outdated is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from awb.errors import RunError
from awb.harness.selection.clip_scores import ScoreStore, model_key, score_clips
from awb.harness.unit.warm_plugins import ModelFacts
from awb.plugins.discovery import load
from awb.plugins.resolve import Resolved, resolve
from awb.types import Clip

FACTS = ModelFacts(16_000, ("Loud", "Quiet"), (), "w1")


class Counting:
    """An executor that runs tasks here and counts them."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def map(
        self, function: Callable[[Any], Any], tasks: Iterable[Any]
    ) -> Iterator[tuple[Any, Any]]:
        for task in tasks:
            self.seen.append(task.id)
            try:
                yield task, function(task)
            except ValueError as error:
                yield task, error


@pytest.fixture
def model() -> Resolved:
    return resolve(load(), "model", "loudness")


def clips(count: int, *, level: float = 0.1) -> list[Clip]:
    return [
        Clip(f"clip-{index}", np.full(3_200, level + index / 1000, np.float32), 16_000)
        for index in range(count)
    ]


def run(store: ScoreStore | None, model: Resolved, given: list[Clip]) -> tuple[Counting, Any]:
    executor = Counting()
    found = score_clips(executor, model, FACTS, given, dataset="d", store=store)
    return executor, {clip.id: scores for clip, scores in found}


def test_only_unknown_clips_are_scored(tmp_path: Path, model: Resolved) -> None:
    store = ScoreStore(tmp_path / "scores.sqlite")
    first, part = run(store, model, clips(70)[:3])
    assert first.seen == ["clip-0", "clip-1", "clip-2"]
    second, whole = run(ScoreStore(tmp_path / "scores.sqlite"), model, clips(70))
    assert len(second.seen) == 67
    assert set(whole) == {f"clip-{index}" for index in range(70)}
    np.testing.assert_array_equal(whole["clip-1"], part["clip-1"])
    _, plain = run(None, model, clips(70))
    for name, scores in plain.items():
        np.testing.assert_array_equal(whole[name], scores)


def test_audio_weights_and_settings_are_in_the_key(tmp_path: Path, model: Resolved) -> None:
    store = ScoreStore(tmp_path / "scores.sqlite")
    run(store, model, clips(1))
    assert run(store, model, clips(1, level=0.2))[0].seen == ["clip-0"]
    assert model_key(model, "w1") != model_key(model, "w2")
    hops = [resolve(load(), "model", f"yamnet:hop_s={hop}") for hop in (0.3, 0.4)]
    assert model_key(hops[0], "w1") != model_key(hops[1], "w1")


def test_a_renamed_clip_is_known_by_its_audio(tmp_path: Path, model: Resolved) -> None:
    store = ScoreStore(tmp_path / "scores.sqlite")
    run(store, model, clips(1))
    [clip] = clips(1)
    renamed = Clip("other", clip.waveform, clip.sample_rate_hz)
    assert run(store, model, [renamed])[0].seen == []
    assert set(store.clips(store.models()[0].key, "d")) == {"clip-0", "other"}


def test_a_failure_is_reported_and_not_stored(
    tmp_path: Path, model: Resolved, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(resolved: Resolved, clip: Clip) -> Any:
        raise ValueError("no")

    store = ScoreStore(tmp_path / "scores.sqlite")
    monkeypatch.setattr("awb.harness.selection.clip_scores.score_clip", broken)
    _, found = run(store, model, clips(1))
    assert isinstance(found["clip-0"], ValueError)
    assert store.clips(store.models()[0].key, "d") == {}


def test_clips_are_drawn_a_few_at_a_time(tmp_path: Path, model: Resolved) -> None:
    drawn = 0

    def endless() -> Iterator[Clip]:
        nonlocal drawn
        for clip in clips(500):
            drawn += 1
            yield clip

    store = ScoreStore(tmp_path / "scores.sqlite")
    found = score_clips(Counting(), model, FACTS, endless(), dataset="d", store=store)
    next(found)
    assert drawn <= 64


def test_other_files_are_refused_as_score_files(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database at all", encoding="ascii")
    with pytest.raises(RunError, match="is not a file of scores"):
        ScoreStore(tmp_path / "text")
    with pytest.raises(RunError, match="cannot be written"):
        ScoreStore(tmp_path / "text" / "below")
