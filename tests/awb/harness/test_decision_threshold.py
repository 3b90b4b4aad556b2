"""A model's decision threshold reaches selection, Fid-In, verification and the page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import awb
import small_data
from awb.errors import NotApplicableError
from awb.harness.selection.no_instances import NoInstancesError
from awb.harness.storage.run_folder import RunFolder
from awb.harness.unit.warm_plugins import decision_threshold
from awb.leaderboard.verification.consistency import contradictions
from awb.metrics import fid_in
from awb.specs import ModelSpec

RATE_HZ = 16_000
CLASSES = ["Loud", "Quiet"]

pytestmark = pytest.mark.usefixtures("added")


def loudness(waveforms: Any) -> Any:
    """Log-odds of loud: between -2 and -1 for a burst, below -3 without one."""
    frames = waveforms[:, : waveforms.shape[1] // 1600 * 1600].reshape(len(waveforms), -1, 1600)
    loud = 8 * np.sqrt(np.square(frames).mean(axis=2)).max(axis=1) - 3.5
    return np.stack([loud, -loud], axis=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"folder:{small_data.build(tmp_path_factory.mktemp('data'), 2)}"


def away(perturber: Any, instance: Any, rng: Any) -> Any:
    """Point at all but the burst."""
    edges = perturber.segments.edges_samples[:-1]
    return -np.add.reduceat(np.square(instance.clip.waveform), edges)


def run(data: str, out: Path, model: Any, **settings: Any) -> RunFolder:
    awb.run(
        datasets=data, models=model, explainers=["oracle", away], metrics="fid-in,ff-in",
        samples=20, robustness=0, cache="off", out=out, baselines=False, **settings,
    )  # fmt: skip
    return RunFolder.open(out)


def fid_ins(folder: RunFolder) -> dict[str, set[float]]:
    """Values of each explainer."""
    found: dict[str, set[float]] = {}
    for row in folder.store().scores():
        if row.metric == "fid-in":
            found.setdefault(row.explainer, set()).add(row.value)
    return found


def test_selection_and_fid_in_take_the_threshold_of_the_model(data: str, tmp_path: Path) -> None:
    strict = awb.callable_model(loudness, RATE_HZ, CLASSES, output="logits", name="strict")
    with pytest.raises(NoInstancesError, match="for strict: score below threshold"):
        run(data, tmp_path / "strict", strict)
    easy = awb.callable_model(
        loudness, RATE_HZ, CLASSES, output="logits", name="easy", decision_threshold=-2.5
    )
    folder = run(data, tmp_path / "easy", easy)
    assert len(folder.manifests()[0].kept) == 2
    assert fid_ins(folder) == {"oracle": {1.0}, "away": {0.0}}
    at_zero = run(data, tmp_path / "zero", strict, min_score=-50)
    scores = at_zero.store().scores()
    reasons = {row.reason for row in scores if row.metric == "fid-in"}
    assert reasons == {"the model does not hear the target in the clip"}


def test_a_decorated_model_may_say_it_for_the_one_it_makes(data: str, tmp_path: Path) -> None:
    def made(**own: Any) -> Any:
        return awb.callable_model(loudness, RATE_HZ, CLASSES, output="logits", name="inner", **own)

    @awb.model("by-decorator", decision_threshold=-2.5, citation="me")
    def by_decorator() -> Any:
        return made()

    @awb.model("by-model", citation="me")
    def by_model() -> Any:
        return made(decision_threshold=-2.5)

    for number, model in enumerate((by_decorator, by_model)):
        folder = run(data, tmp_path / str(number), model)
        assert len(folder.manifests()[0].kept) == 2
        assert fid_ins(folder) == {"oracle": {1.0}, "away": {0.0}}


def test_a_loaded_model_goes_before_its_spec() -> None:
    spec = ModelSpec(name="m", summary="M.", citation="-", factory=_refuse, decision_threshold=1.5)
    assert decision_threshold(spec, object()) == 1.5  # type: ignore[arg-type]
    own = awb.callable_model(
        loudness, RATE_HZ, CLASSES, output="logits", name="own", decision_threshold=-2.5
    )
    assert decision_threshold(spec, own) == -2.5


def _refuse(parameters: object) -> Any:
    raise NotApplicableError("not needed here")


def test_claims_are_checked_at_the_threshold_of_the_model() -> None:
    p_clip, p_in, threshold = 0.9, 0.6, math.log(0.7 / 0.3)
    claim = {"ff-in": p_clip - p_in, "fid-in": fid_in(p_clip, p_in, threshold=0.7)}
    settings: dict[str, Any] = {
        "n_cells": 10, "n_positive": 2, "clip_log_odds": math.log(p_clip / (1 - p_clip)),
    }  # fmt: skip
    assert claim["fid-in"] == 0.0
    assert not list(contradictions(claim, decision_threshold=threshold, **settings))
    assert not list(contradictions(claim, decision_threshold=None, **settings))
    assert list(contradictions(claim, **settings)) == ["fid-in contradicts ff-in"]


def test_a_file_is_explained_against_the_threshold(tmp_path: Path) -> None:
    path = tmp_path / "bang.wav"
    small_data.write_clip(path, [1.1])
    for name, threshold, doubt in (("easy", -2.5, False), ("strict", 2.5, True)):
        model = awb.callable_model(
            loudness, RATE_HZ, CLASSES, output="logits", name=name, decision_threshold=threshold
        )
        found = awb.explain(path, model=model, target="Loud", samples=20, explainers="naive")
        assert ("it would not report the class" in found.html) == doubt
