"""Shadows: new clips of generated datasets, from a seed that is drawn once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from awb.errors import ParameterError
from awb.harness.config.settings import settle
from awb.harness.config.shadows import FIRST_SEED, draw_seed, shadow_of, with_shadows
from awb.plugins.discovery import load
from awb.plugins.resolve import Resolved, resolve
from awb.specs import DatasetSpec
from submissions import awb


def _dataset(text: str) -> Resolved[DatasetSpec]:
    return resolve(load(), "dataset", text)


@pytest.mark.parametrize("name", ["soundscapes", "drums", "clever-hans"])
def test_the_seed_gives_the_same_new_clips(name: str) -> None:
    public = _dataset(name).build()
    shadow = shadow_of(_dataset(name), load(), FIRST_SEED + 5, 2)
    again = resolve(load(), "dataset", shadow.label)
    assert again == shadow
    ids = again.build().clip_ids()
    assert len(ids) == 2
    assert not set(ids) & set(public.clip_ids())
    for clip_id, public_id in zip(ids, public.clip_ids(), strict=False):
        clip, same = shadow.build().load(clip_id), again.build().load(clip_id)
        assert np.array_equal(clip.waveform, same.waveform)
        assert clip.events == same.events
        assert not np.array_equal(clip.waveform, public.load(public_id).waveform)


def test_other_settings_and_the_number_of_clips_are_kept() -> None:
    shadow = shadow_of(_dataset("soundscapes:split=validation,clips=3"), load(), FIRST_SEED)
    assert shadow.label == f"soundscapes:split=validation,clips=3,seed={FIRST_SEED}"


def test_drawn_seeds_differ_and_are_none_that_a_person_chose() -> None:
    seeds = {draw_seed() for _ in range(20)}
    assert len(seeds) == 20
    assert min(seeds) >= FIRST_SEED


def test_a_seed_that_a_model_may_have_been_trained_on_is_refused() -> None:
    with pytest.raises(ParameterError, match="the seed of a shadow is from 1000000"):
        shadow_of(_dataset("soundscapes"), load(), 0)


def test_fixed_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"its clips are fixed.* such as soundscapes, drums"):
        shadow_of(_dataset(f"folder:{tmp_path}"), load(), FIRST_SEED)
    with pytest.raises(ParameterError, match="its clips are fixed"):
        shadow_of(_dataset(f"esc50:{tmp_path}"), load(), FIRST_SEED)
    assert shadow_of(_dataset(f"esc50:root={tmp_path},mix=true"), load(), FIRST_SEED)


def test_all_runs_of_a_sweep_have_the_same_clips() -> None:
    settled = settle(
        {"shadow": True}, sweep={"datasets": [["soundscapes"], ["drums"]], "masker": ["zeros"]}
    )
    found = with_shadows(settled, load())
    assert not found.settings.shadow
    [scenes], [drums] = found.sweep["datasets"]
    assert scenes.partition("seed=")[2] == drums.partition("seed=")[2] != ""
    assert found.sweep["masker"] == ["zeros"]


def test_a_run_keeps_the_seed_when_it_is_resumed_and_repeated(tmp_path: Path) -> None:
    options = ["--dataset", "soundscapes:clips=1", "--explainers", "energy", "--metrics", "roc-auc"]
    first = awb(
        "run", "--shadow", *options, "--no-baselines", "--jobs", "1", "--out", tmp_path / "run"
    )
    assert first.exit_code in (0, 1), first.output
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    [label] = record["config"]["datasets"]
    assert label.startswith("soundscapes:clips=1,seed=")
    assert int(label.rpartition("=")[2]) >= FIRST_SEED
    assert f"soundscape-cnn on {label}" in first.stdout
    assert [one["dataset"] for one in record["manifests"]] == [label]

    resumed = awb("resume", tmp_path / "run", "--jobs", "1")
    assert resumed.stdout == first.stdout
    repeated = awb("run", tmp_path / "run" / "config.toml", "--out", tmp_path / "again")
    assert repeated.stdout == first.stdout
