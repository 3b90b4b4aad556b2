"""The published procedure for one clip, with which awb's overhead is compared.

As published, a mask is drawn window by window with Python's ``random``; a masked clip is a copy in
which one segment after another is overwritten, with fresh noise for each under the noise masker;
its Euclidean distance from the clip is measured; 256 of them go to the model at a time; scores of
all classes, masks and distances are written to a JSON file, which every explainer reads again.
Linear regression is scikit-learn's, SHAP is constrained least squares by SLSQP. Whatever the
published code computes twice is computed twice here. This is our own code, following the published.

References
----------
Bolaños, C., Pepino, L., Meza, M., & Ferrer, L. (2025). Benchmarking time-localized explanations for
audio classification models. arXiv:2506.04391. Code: https://github.com/ceciliabolanos/explain_where
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.spatial.distance import euclidean
from scipy.special import gammaln

from awb.types import AudioArray

SEGMENT_SAMPLES, BATCH = 1600, 256
SETTINGS = [(fraction, run) for fraction in (0.2, 0.3, 0.4) for run in (1, 3, 5)]
_LEGACY = np.random.RandomState(42)  # the generator with which the published code draws noise
Predict = Callable[[list[AudioArray]], list[list[float]]]


def draw_mask(n_segments: int, fraction: float, run: int) -> list[int]:
    """Draw one mask, 1 = keep, dropping windows at random positions until enough is dropped."""
    keep = np.ones(n_segments, dtype=int)
    target, dropped = math.ceil(n_segments * fraction), 0
    places = list(range(n_segments + 1))
    while dropped < target and places:
        place = random.choice(places)
        places.remove(place)
        new = sum(int(keep[at]) for at in range(place, min(place + run, n_segments)))
        if dropped + new <= target:
            keep[place : place + run] = 0
            dropped += new
    return [int(value) for value in keep]


def render(waveform: AudioArray, keep: list[int], masker: str) -> AudioArray:
    """Copy the clip and overwrite the dropped segments one by one."""
    out = np.copy(waveform)
    for segment, kept in enumerate(keep):
        if not kept:
            start = segment * SEGMENT_SAMPLES
            end = min(start + SEGMENT_SAMPLES, out.size)
            if masker == "noise":
                level = np.std(waveform)
                drawn = _LEGACY.uniform(0.1 * level, level)
                out[start:end] = _LEGACY.normal(np.mean(waveform), drawn, end - start)
            else:
                out[start:end] = 0
    return out


def generate(waveform: AudioArray, predict: Predict, samples: int, masker: str, path: Path) -> None:
    """Draw the masks, render and score the clips, measure their distances, and write it all."""
    n_segments = math.ceil(waveform.size / SEGMENT_SAMPLES)
    masks = [[1] * n_segments]
    for fraction, run in SETTINGS:
        some = samples // len(SETTINGS) + (len(masks) == 1) * (samples % len(SETTINGS))
        masks += [draw_mask(n_segments, fraction, run) for _ in range(some)]
    scores: list[list[float]] = []
    distances: list[float] = []
    waiting: list[AudioArray] = []
    for mask in masks:
        masked = render(waveform, mask, masker)
        waiting.append(masked)
        distances.append(float(euclidean(waveform, masked)))
        if len(waiting) == BATCH:
            scores.extend(predict(waiting))
            waiting = []
    if waiting:
        scores.extend(predict(waiting))
    content = {"scores": scores, "neighborhood": distances, "snrs": masks}
    with path.open("w", encoding="utf-8") as stream:
        json.dump(content, stream)


def _read(path: Path, label: int) -> tuple[Any, Any, Any]:
    with path.open(encoding="utf-8") as stream:
        content = json.load(stream)
    target = np.array([scores[label] for scores in content["scores"]])
    return np.array(content["snrs"]), target, np.array(content["neighborhood"])


def linear_regression(path: Path, label: int) -> Any:
    """Regress the scores on the masks."""
    from sklearn.linear_model import LinearRegression

    masks, target, distances = _read(path, label)
    return LinearRegression().fit(masks, target, sample_weight=np.ones_like(distances)).coef_


def kernel_shap(path: Path, label: int, empty: float) -> Any:
    """Minimize the weighted error under the efficiency constraint by SLSQP."""
    masks, target, _ = _read(path, label)
    weights = []
    for row in masks[1:].tolist():
        m, z = len(row), sum(row)
        combinations = gammaln(m + 1) - gammaln(z + 1) - gammaln(m - z + 1)
        weights.append(float(np.exp(np.log(m - 1) - combinations - np.log(z) - np.log(m - z))))
    weight = np.array(weights) / np.mean(weights)
    shifted, full, drawn = target[1:] - empty, target[0], masks[1:]

    def loss(values: Any) -> float:
        return float(np.sum(weight * (shifted - np.dot(drawn, values)) ** 2))

    efficiency = {"type": "eq", "fun": lambda values: np.sum(values) + empty - full}
    start = np.zeros(masks.shape[1])
    found = minimize(loss, start, constraints=efficiency, method="SLSQP", options={"maxiter": 3000})
    return found.x


def random_forest(path: Path, label: int, **settings: Any) -> Any:
    """Fit a forest, weighted by the distances."""
    from sklearn.ensemble import RandomForestRegressor

    masks, target, distances = _read(path, label)
    forest = RandomForestRegressor(n_jobs=1, random_state=0, **settings)
    return forest.fit(masks, target, sample_weight=distances).feature_importances_
