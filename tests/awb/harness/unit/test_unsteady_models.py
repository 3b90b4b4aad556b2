"""A model that answers by batch or by chance gives no row, and the run says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import small_data
from awb.api.running import run
from awb.protocols import ScoreArray
from awb.types import AudioArray

pytestmark = pytest.mark.usefixtures("added")


class Loud:
    """Scores whether a tenth of a second is loud."""

    sample_rate_hz = small_data.RATE_HZ
    classes = ("Loud", "Quiet")

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        frames = waveforms.reshape(len(waveforms), -1, 1600)
        loud = 20 * np.sqrt(np.square(frames).mean(axis=2)).max(axis=1) - 2
        return np.stack([loud, -loud], axis=1).astype(np.float32)


class ByBatch(Loud):
    """Subtracts some of the batch's mean, except from a clip that is alone, as in the selection."""

    name = "by-batch"

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        found = super().scores(waveforms)
        return found - np.float32(0.1) * found.mean(axis=0) * (len(found) > 1)


class ByChance(Loud):
    """Adds what is drawn anew."""

    name = "by-chance"

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        found = super().scores(waveforms)
        noise = np.random.default_rng().normal(0.0, 0.1, found.shape)
        return found + noise.astype(np.float32)


@pytest.mark.parametrize(
    ("model", "reason"),
    [(ByBatch(), "rest of the batch"), (ByChance(), "from one call to the next")],
    ids=["by batch", "by chance"],
)
def test_its_rows_all_fail_and_say_why(model: Loud, reason: str, tmp_path: Path) -> None:
    scores = run(
        models=model,
        datasets=f"folder:{small_data.build(tmp_path / 'bursts', 1)}",
        explainers=["naive", "random"],
        metrics=["roc-auc", "deletion-area"],
        samples=20,
        robustness=0,
        cache="off",
        out=tmp_path / "run",
    ).scores()
    assert {"naive", "random"} <= set(scores.explainer)
    assert scores.value.isna().all()
    assert scores.reason.str.contains(reason).all()
