"""Runs with a time to keep: a pilot of known costs, and a clock that instances move."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from awb.errors import ParameterError
from awb.harness import run as runner
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.config.settings import RunSettings
from awb.harness.planning import timed as planning
from awb.harness.planning.pilot import Timing
from awb.harness.planning.timed import Timed
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.formats.text import to_plain
from awb.plugins.discovery import Registered, Registry, load
from awb.specs import DatasetSpec, ModelSpec, Origin
from awb.types import Clip, Event
from fakes import RATE_HZ, WeightedEnergy, unit_clip

UNIT_S = 10.0


class Clips:
    """Clips whose target lies in segment 3; the first has none."""

    def clip_ids(self) -> Sequence[str]:
        return [f"clip-{index:02d}" for index in range(12)]

    def load(self, clip_id: str) -> Clip:
        clip = unit_clip(10, seed=int(clip_id[-2:]), clip_id=clip_id)
        label = "Target" if int(clip_id[-2:]) else "Nothing"
        return Clip(clip_id, clip.waveform, RATE_HZ, (Event(0.3, 0.4, label),))


class Clock:
    """A clock that every explained instance moves."""

    def __init__(self) -> None:
        self.now_s, self.done = 0.0, 0

    def __call__(self) -> float:
        return self.now_s

    def progress(self, phase: str, done: int, total: int) -> None:
        if phase.startswith("Explaining"):
            self.now_s += UNIT_S * max(done - self.done, 0)
            self.done = done


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The fakes, and a pilot that finds instances to take `UNIT_S` whatever the masks."""
    specs: list[tuple[Any, Any]] = [
        (
            "dataset",
            DatasetSpec(name="fake", summary="F.", citation="-", factory=lambda _: Clips()),
        ),
        (
            "model",
            ModelSpec(
                name="planted", summary="F.", citation="-",
                factory=lambda _: WeightedEnergy([0, 0, 0, 8, 0, 0, 0, 0, 0, 0], -0.5),
            ),
        ),
    ]  # fmt: skip
    kinds = {"metric", "masker", "explainer"}
    ours = [Registered(kind, spec, Origin("fakes")) for kind, spec in specs]
    found = Registry([*(one for one in load() if one.kind in kinds), *ours])
    monkeypatch.setattr(runner, "load", lambda: found)
    return found


def _pilot(monkeypatch: pytest.MonkeyPatch, unit_s: float) -> None:
    def known(*given: Any) -> list[Timing]:
        return [Timing(one, unit_s, {"ridge": one}) for one in given[3]]

    monkeypatch.setattr(planning, "run_pilot", known)


SETTINGS: dict[str, Any] = {
    "datasets": ["fake"], "models": ["planted"], "explainers": ["ridge", "naive"],
    "baselines": False, "metrics": ["roc-auc"],
}  # fmt: skip


def _timed(within: str, clock: Clock, **given: Any) -> Timed:
    made = Timed.of(RunSettings(within=within, **given))
    assert made is not None
    made.now, made.started_s = clock, clock.now_s
    return made


def _run(out: Path, within: str, **given: Any) -> tuple[RunFolder, Timed, Clock]:
    clock = Clock()
    timed = _timed(within, clock, **given)
    config = make_config(**SETTINGS, **given)
    folder = runner.run(config, out, Resources(jobs=1), clock.progress, timed=timed)
    return folder, timed, clock


def _board(folder: RunFolder, registry: Registry) -> str:
    [board] = boards(folder, registry)
    assert board.finished
    return to_plain(board)


def _rows(folder: RunFolder) -> list[Any]:
    return list(folder.store().scores())


def test_a_run_chooses_and_its_board_is_that_of_the_same_settings(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pilot(monkeypatch, UNIT_S)
    folder, timed, clock = _run(tmp_path / "timed", "1m", samples=50)
    config = folder.config()
    assert config.samples == 50
    assert 4 <= (config.clips or 0) <= 7
    assert clock.now_s <= 60
    assert "1m" in timed.said[0]
    again = runner.run(config, tmp_path / "again", Resources(jobs=1))
    assert _board(again, registry) == _board(folder, registry)
    assert "clips = " in (folder.path / "config.toml").read_text()


def test_a_pilot_that_hoped_too_much_ends_in_whole_clips_and_can_go_on(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pilot(monkeypatch, UNIT_S / 10)
    folder, timed, clock = _run(tmp_path / "timed", "1m", samples=50)
    clips = folder.config().clips or 0
    assert 1 < clips < 12
    assert clock.now_s <= 66
    assert any("Stopped after" in line for line in timed.said)
    _board(folder, registry)
    more = Clock()
    runner.resume(folder.path, Resources(jobs=1), more.progress, timed=_timed("10m", more))
    assert folder.config().clips == 12
    whole = runner.run(
        make_config(**SETTINGS, samples=50, clips=12), tmp_path / "whole", Resources(jobs=1)
    )
    assert _board(whole, registry) == _board(folder, registry)
    assert _rows(whole) == _rows(folder)
    assert len(folder.record()["within"]) > len(timed.said)


def test_no_time_for_another_clip_leaves_the_run_as_it_is(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pilot(monkeypatch, UNIT_S)
    folder, _, _ = _run(tmp_path / "timed", "1m", samples=50)
    before = folder.config(), _rows(folder)
    clock = Clock()
    runner.resume(folder.path, Resources(jobs=1), clock.progress, timed=_timed("5s", clock))
    assert (folder.config(), _rows(folder)) == before


def test_given_clips_are_kept_and_too_short_a_time_is_refused(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pilot(monkeypatch, UNIT_S)
    folder, _, _ = _run(tmp_path / "kept", "5m", clips=5)
    assert folder.config().clips == 5
    assert folder.config().samples == 3000
    with pytest.raises(ParameterError, match=r"5 clips with .* would take about"):
        _run(tmp_path / "short", "30s", clips=5)
    assert not (tmp_path / "short").exists()


def test_options_that_contradict_a_time_are_refused() -> None:
    with pytest.raises(ParameterError, match="give a number"):
        Timed.of(RunSettings(within="1m", robustness="all"))
    with pytest.raises(ParameterError, match="--scheduler"):
        Timed.of(RunSettings(within="1m", scheduler="local:2"))
    assert Timed.of(RunSettings()) is None
