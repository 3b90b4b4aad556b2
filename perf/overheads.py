"""Time everything except the model, against a bare loop and against the published procedure."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import reference_procedure as reference
from subjects import SAMPLES, FreeModel, Ratio, make_instance, make_perturber, side_by_side

from awb.errors import NotApplicableError, UndefinedScoreError
from awb.maskers import Masker, noise, zeros
from awb.plugins.discovery import load
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.specs import MetricSpec
from awb.types import AudioArray

LIGHT = {"n_estimators": 20, "max_depth": 6, "max_features": 1 / 3}
"""A forest that both sides fit in the same way."""


def _explainer(name: str) -> Any:
    spec = load().get("explainer", name).spec
    return spec.factory(spec.parameters())


AGAIN = ("robustness", "sanity")
"""Families of metrics that call the explainer again, at its full cost."""


def awb_procedure(n_classes: int, masker: Masker, *, forest: bool = False) -> None:
    """Explain one clip: the shared design, the regression and SHAP as published, all metrics."""
    instance = make_instance()
    perturber = make_perturber(FreeModel(n_classes), masker, instance=instance)
    rng = np.random.default_rng(0)
    found = _explainer("linear-regression-paper")(perturber, instance, rng)
    relevance, surrogate = getattr(found, "relevance", found), getattr(found, "surrogate", None)
    _explainer("kernel-shap-paper")(perturber, instance, rng)
    if forest:
        from sklearn.ensemble import RandomForestRegressor

        pool = perturber.pool()
        RandomForestRegressor(n_jobs=1, random_state=0, **LIGHT).fit(
            (~pool.drop_masks).astype(np.float32), pool.scores
        )
    scoring = Scoring(
        np.asarray(relevance),
        instance.intervals_s,
        perturber,
        RandomKey((0,)),
        surrogate=surrogate,
    )
    for entry in load():
        if isinstance(entry.spec, MetricSpec) and entry.spec.facts.family not in AGAIN:
            with suppress(UndefinedScoreError, NotApplicableError):  # no map, no other sounds
                entry.spec.factory(entry.spec.parameters())(scoring)


def published_procedure(n_classes: int, masker: str, *, forest: bool = False) -> None:
    """Explain one clip as published, without metrics."""
    model = FreeModel(n_classes)

    def predict(masked: list[AudioArray]) -> list[list[float]]:
        found: list[list[float]] = model.scores(np.stack(masked)).tolist()
        return found

    waveform = make_instance().clip.waveform
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.json"
        reference.generate(waveform, predict, SAMPLES, masker, path)
        empty = predict([np.zeros_like(waveform)])[0][0]
        reference.linear_regression(path, 0)
        reference.kernel_shap(path, 0, empty)
        if forest:
            reference.random_forest(path, 0, **LIGHT)


CASES = {
    "6 classes, no forest": (6, "zeros", False, "at least 15"),
    "527 classes, no forest": (527, "zeros", False, "at least 15"),
    "6 classes, a light forest on both sides": (6, "zeros", True, "at least 8"),
    "noise, 6 classes, no forest": (6, "noise", False, "at least 8"),
}


def against_the_published(case: str, *, rounds: int = 3) -> Ratio:
    """Time one case."""
    n_classes, masker, forest, expected = CASES[case]
    ours: Masker = noise() if masker == "noise" else zeros
    times = side_by_side(
        lambda: awb_procedure(n_classes, ours, forest=forest),
        lambda: published_procedure(n_classes, masker, forest=forest),
        rounds=rounds,
    )
    return Ratio(f"a clip by the published procedure: {case}", *times, expected)


def bare_loop() -> None:
    """The minimum that any loop over masks does: copy the clip, replace audio, call the model."""
    waveform = make_instance().clip.waveform
    model = FreeModel(6)
    for mask in np.random.default_rng(0).random((SAMPLES, 100)) < 0.3:
        masked = waveform.copy()
        masked.reshape(100, -1)[mask] = 0.0
        model.scores(masked[np.newaxis])


def against_a_bare_loop(*, rounds: int = 5) -> Ratio:
    """Time the shared design against the bare loop."""
    times = side_by_side(lambda: make_perturber(FreeModel(6)).pool(), bare_loop, rounds=rounds)
    return Ratio("3,000 masks of 100 segments by a bare loop", *times, "about 1, or more")
