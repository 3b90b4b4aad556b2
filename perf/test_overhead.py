"""Time everything except the model for one 10 s clip: drawing, rendering, caching, scoring."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from awb.errors import NotApplicableError, UndefinedScoreError
from awb.maskers import zeros
from awb.perturbation import Design, Perturber
from awb.plugins.discovery import load
from awb.protocols import ScoreArray
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.segments import Segments
from awb.specs import MetricSpec
from awb.types import AudioArray, Clip, Event, Instance

RATE_HZ, SAMPLES = 16_000, 3000


class FreeModel:
    """Costs next to nothing: its score is one sample of each of a hundred segments, summed."""

    sample_rate_hz = RATE_HZ
    classes = ("Target",)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        return waveforms[:, ::1600].sum(axis=1, keepdims=True)


def _perturber() -> Perturber:
    rng = np.random.default_rng(0)
    waveform = (0.1 * rng.standard_normal(10 * RATE_HZ)).astype(np.float32)
    clip = Clip("clip", waveform, RATE_HZ, (Event(2.0, 3.0, "Target"),))
    instance = Instance("perf", clip, "Target", 0, np.array([[2.0, 3.0]]))
    segments = Segments(waveform.size, RATE_HZ)
    key = RandomKey((0, "perf"))
    return Perturber(FreeModel(), instance, segments, zeros, key, design=Design(SAMPLES))


def test_bare_loop(benchmark: BenchmarkFixture) -> None:
    """The minimum that any loop over masks does: copy the clip, replace audio, call the model."""
    rng = np.random.default_rng(0)
    waveform = (0.1 * rng.standard_normal(10 * RATE_HZ)).astype(np.float32)
    masks = rng.random((SAMPLES, 100)) < 0.3

    def loop() -> None:
        for mask in masks:
            masked = waveform.copy()
            masked.reshape(100, -1)[mask] = 0.0
            FreeModel().scores(masked[np.newaxis])

    benchmark.pedantic(loop, rounds=3)


def test_pool(benchmark: BenchmarkFixture) -> None:
    """The shared design through the perturber: draw, render, deduplicate, score, cache."""
    benchmark.pedantic(lambda: _perturber().pool(), rounds=3)


@pytest.mark.parametrize("name", ["linear-regression", "random-forest", "kernel-shap", "naive"])
def test_explainer(benchmark: BenchmarkFixture, name: str) -> None:
    """An explainer on top of the shared design."""
    spec = load().get("explainer", name).spec
    explainer = spec.factory(spec.parameters())
    perturber = _perturber()
    perturber.pool()
    rng = np.random.default_rng(0)
    instance = perturber_instance()
    benchmark.pedantic(lambda: explainer(perturber, instance, rng), rounds=2)


def perturber_instance() -> Instance:
    """Return an instance for explainers that read the audio."""
    clip = Clip("clip", np.zeros(10 * RATE_HZ, dtype=np.float32), RATE_HZ)
    return Instance("perf", clip, "Target", 0, np.empty((0, 2)))


def test_all_metrics(benchmark: BenchmarkFixture) -> None:
    """All metrics of one explanation, except those that call the explainer again."""
    metrics = [
        entry.spec.factory(entry.spec.parameters())
        for entry in load()
        if isinstance(entry.spec, MetricSpec)
        and entry.spec.facts.family not in ("robustness", "sanity")
    ]
    perturber = _perturber()
    relevance = np.random.default_rng(1).standard_normal(100)
    events = np.array([[2.0, 3.0]])
    perturber.held_out()

    def score() -> None:
        scoring = Scoring(
            relevance,
            events,
            perturber,
            RandomKey((0,)),
            surrogate=lambda drop_masks: ~drop_masks @ relevance,
        )
        for metric in metrics:
            with suppress(UndefinedScoreError, NotApplicableError):  # no map, no other sounds
                metric(scoring)

    benchmark.pedantic(score, rounds=3)
