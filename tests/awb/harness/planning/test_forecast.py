"""What a run will take, told from its first clips and a few instances."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from awb.cli.forecasts import forecast_lines
from awb.errors import ParameterError
from awb.harness import launch
from awb.harness import run as runner
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.config.settings import RunSettings, Settled
from awb.harness.planning import forecast as planning
from awb.harness.planning.forecast import Looked
from awb.harness.planning.pilot import Timing
from awb.harness.selection.manifest import Kept
from awb.plugins.discovery import Registered, Registry, load
from awb.specs import DatasetSpec, ModelSpec, Origin
from awb.types import Clip, Event
from fakes import RATE_HZ, WeightedEnergy, unit_clip

N_CLIPS = 12
SETTINGS: dict[str, Any] = {
    "datasets": ["fake"], "models": ["planted"], "explainers": ["ridge", "naive"],
    "baselines": False, "metrics": ["roc-auc"], "samples": 60,
}  # fmt: skip


class Clips:
    """Clips whose target lies in segment 3; every third has none."""

    def clip_ids(self) -> Sequence[str]:
        return [f"clip-{index:02d}" for index in range(N_CLIPS)]

    def load(self, clip_id: str) -> Clip:
        number = int(clip_id[-2:])
        clip = unit_clip(10, seed=number, clip_id=clip_id)
        label = "Target" if number % 3 else "Nothing"
        return Clip(clip_id, clip.waveform, RATE_HZ, (Event(0.3, 0.4, label),))


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(_: Any) -> WeightedEnergy:
        return WeightedEnergy([0, 0, 0, 8, 0, 0, 0, 0, 0, 0], -0.5)

    dataset = DatasetSpec(name="fake", summary="F.", citation="-", factory=lambda _: Clips())
    model = ModelSpec(name="planted", summary="F.", citation="-", factory=planted)
    ours = [
        Registered("dataset", dataset, Origin("fakes")),
        Registered("model", model, Origin("fakes")),
    ]
    kinds = {"metric", "masker", "explainer"}
    found = Registry([*(one for one in load() if one.kind in kinds), *ours])
    monkeypatch.setattr(launch, "load", lambda: found)
    monkeypatch.setattr(runner, "load", lambda: found)


def _forecast(**given: Any) -> Any:
    settled = Settled(RunSettings(**{**SETTINGS, **given}))
    [found] = launch.forecast(settled, Resources(jobs=1), runner.silent)
    return found


def test_a_small_run_is_foretold_exactly(tmp_path: Path) -> None:
    found = _forecast()
    done = runner.run(make_config(**SETTINGS), tmp_path / "run", Resources(jobs=1))
    rows = list(done.store().explanations())
    assert (found.clips, found.instances) == (N_CLIPS, len({row.clip_id for row in rows}))
    assert found.calls == pytest.approx(sum(row.calls for row in rows) / found.instances)
    relevance_bytes = 2 * 10 * 8
    assert relevance_bytes < found.stored_bytes < 25 * relevance_bytes  # and keys, names, a score
    text = "\n".join(forecast_lines([found]))
    assert "planted on fake: 8 instances in 12 clips\n" in text
    assert "first" not in text


def test_what_is_not_looked_at_is_extrapolated(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(*given: Any, **_: Any) -> list[Timing]:
        assert [one.clip.id for one in given[2]] == ["clip-01"]
        return [
            Timing(one, 2.0 + 0.01 * one, {"ridge": one, "naive": 50}, 3_000) for one in given[3]
        ]

    monkeypatch.setattr(planning, "run_pilot", known)
    monkeypatch.setattr(launch, "MINUTE_S", 0.0)
    found = _forecast(samples=1000, robustness=5, metrics=["roc-auc", "seed-stability"])
    assert found.looked.clips == 4
    assert (found.clips, found.instances, found.again) == (12, 6, 5)  # 2 of the first 4
    assert found.instance_s == pytest.approx(12.0)
    assert found.calls == pytest.approx(1050)
    assert found.disk_bytes == 18_000
    assert found.explain_s == pytest.approx(6 * 12.0 + 5 * 11 * (2 + 0.01 * 300))
    lines = forecast_lines([found, found])
    said = "planted on fake: about 6 instances, 5 of them again in 12 clips; the first 4 have 2"
    assert lines[0].startswith(said)
    assert lines[-2] == "All 2 together: about 10 min, 36 kB"


@pytest.mark.parametrize(
    ("wanted", "expected"), [(None, (100, 60)), (10, (25, 15)), (90, (100, 60))]
)
def test_clips_and_instances_that_are_expected(
    wanted: int | None, expected: tuple[int, int]
) -> None:
    """Of 10 clips, 4 have an instance, and 2 of these two of them."""
    names = [("a", "x"), ("a", "y"), ("b", "x"), ("c", "x"), ("d", "x"), ("d", "y")]
    kept = tuple(Kept(clip, target, 0, (), 0.0, "") for clip, target in names)
    assert Looked(10, kept, 100, 0.1).expected(wanted) == expected


@pytest.mark.parametrize("setting", ["within", "scheduler"])
def test_what_a_forecast_cannot_be_with(setting: str) -> None:
    with pytest.raises(ParameterError, match=f"--{setting}"):
        _forecast(**{setting: "local:2" if setting == "scheduler" else "10m"})
