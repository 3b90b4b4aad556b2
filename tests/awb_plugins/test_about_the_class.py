"""Is it about this class? What points at any loud sound fails, on the embedded scenes and model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import awb

METRICS = ["class-contrast", "random-logit", "random-logit:other=labelled", "srg", "deletion-gain"]


@pytest.fixture(scope="module")
def means(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], float]:
    folder: Path = tmp_path_factory.mktemp("run")
    run = awb.run(
        datasets=["soundscapes"],
        explainers=["naive"],
        metrics=METRICS,
        clips=2,
        samples=300,
        robustness="all",
        cache="off",
        out=folder / "run",
    )
    [shown] = run.boards
    return {
        (row["explainer"], metric): row[f"{metric}_mean"]
        for row in shown.frame().to_dict("records")
        for metric in METRICS
    }


def test_occlusion_tells_the_target_from_other_sounds_and_energy_does_not(
    means: dict[tuple[str, str], float],
) -> None:
    assert means["oracle", "class-contrast"] == 1.0
    assert means["constant", "class-contrast"] == 0.5
    assert means["naive", "class-contrast"] > 0.8
    assert means["energy", "class-contrast"] < 0.6


@pytest.mark.parametrize("metric", METRICS[1:3])
def test_energy_explains_every_class_alike(
    metric: str, means: dict[tuple[str, str], float]
) -> None:
    assert means["energy", metric] == pytest.approx(1.0)
    assert means["random", metric] == pytest.approx(1.0)
    assert means["naive", metric] < 0.5
    assert np.isnan(means["constant", metric])


def test_a_random_order_gains_little_and_occlusion_much(
    means: dict[tuple[str, str], float],
) -> None:
    for metric in METRICS[3:]:
        assert abs(means["random", metric]) < 0.35
        assert means["naive", metric] > 0.5
