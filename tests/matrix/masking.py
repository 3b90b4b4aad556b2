"""Oracles for what masks: a clip with one segment of sound, and loops over the features."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from awb.intervals import FloatArray
from awb.types import Explanation
from matrix.cases import BURST, Case, WrongError
from matrix.gradients import map_of, same
from networks.base import Network

EXACT = frozenset(
    {
        *("linear-regression", "kernel-shap", "shapley-sampling", "banzhaf", "adaptive"),
        *("tree-proxy-shap", "owen"),
    }
)
"""Explainers of which each gives the one segment that is heard exactly the rise of the score."""
WINDOWS = {"naive": 5, "keep-window": 5, "multiscale-occlusion": 20, "greedy": 5, "window-shap": 10}
"""Segments in a window: neighbours share what is in it."""


def planted(name: str, case: Case, found: Explanation) -> str:
    """Demand that the only segment with sound is found, on the clip that is silent elsewhere."""
    relevance = np.asarray(found.relevance, dtype=np.float64)
    rise = case.question.perturber.clip_score() - case.question.perturber.dropped_score()
    if name == "captum:Lime" and not relevance.any() and abs(rise) < 0.1:
        return "planted"  # its lasso leaves out what adds as little as this
    strength = np.abs(relevance)
    width = WINDOWS.get(name, 1)
    near = np.abs(np.arange(relevance.size) - BURST) < width
    if strength[BURST] < strength.max() * (1 - 1e-6) or strength.max() < 1e-9:
        raise WrongError(f"segment {BURST} is all there is; the peak is {int(strength.argmax())}")
    if name in ("naive", "keep-window", *EXACT):
        elsewhere = float(strength[~near].max())
        if elsewhere > 0.05 * strength[BURST]:
            raise WrongError(f"silence has {elsewhere / strength[BURST]:.2f} of the burst's")
    if name in EXACT and not abs(relevance[BURST] - rise) <= 0.02 * abs(rise) + 1e-4:
        raise WrongError(f"the burst has {relevance[BURST]:.4g} of a rise of {rise:.4g}")
    return "planted"


def learned_mask(case: Case, found: Explanation) -> str:
    """Demand that the burst is in every mask, or in none where it speaks against the target."""
    relevance = np.asarray(found.relevance, dtype=np.float64)
    rise = case.question.perturber.clip_score() - case.question.perturber.dropped_score()
    span = float(np.ptp(relevance))
    if rise > 0 and (relevance[BURST] < relevance.max() - 1e-6 or span < 0.1):
        raise WrongError(f"segment {BURST} is all there is; the peak is {int(relevance.argmax())}")
    if rise < 0 and relevance[BURST] > relevance.min() + 0.1 * span:
        raise WrongError(f"segment {BURST} speaks against the target, and has {relevance[BURST]}")
    return "planted"


def paper_forest(case: Case, found: Explanation) -> str:
    """A forest of scikit-learn on the same masks, another seed: it weighs nearly the same."""
    from sklearn.ensemble import RandomForestRegressor

    pool = case.question.perturber.pool()
    masks = np.concatenate([np.zeros((1, pool.drop_masks.shape[1]), dtype=bool), pool.drop_masks])
    clip = float(case.question.perturber.clip_score())
    power = np.square(case.waveform.astype(float)).reshape(masks.shape[1], -1).sum(axis=1)
    forest = RandomForestRegressor(300, random_state=9)
    forest.fit(~masks, [clip, *pool.scores], sample_weight=np.sqrt(masks @ power))
    alike = float(np.corrcoef(forest.feature_importances_, found.relevance)[0, 1])
    if not alike > 0.95:
        raise WrongError(f"correlates with another forest by {alike:.2f}")
    return "plain"


def ensemble(name: str, case: Case, found: Explanation) -> str:
    """Ask its two members by themselves, and count how many segments each one has below it."""
    cheap = ("keep-window:window_s=1,hop_s=0.2", "owen:samples=60")
    names = cheap if name == "mean-rank" else ("naive", "keep-window")
    members = [_groups(case.ask(one).relevance) for one in names]
    combine = {"mean-rank": lambda one, other: (one + other) / 2, "union": max, "intersection": min}
    places = [[sum((b < a) + 0.5 * (b == a) for b in each) - 0.5 for a in each] for each in members]
    expected = np.array([combine[name](*pair) for pair in zip(*places, strict=True)])
    same(found.relevance, expected / (expected.size - 1), what="counting")
    return "plain"


def _groups(relevance: FloatArray) -> list[int]:
    """Number groups of segments, each more than a score's rounding above the one below."""
    step, ordered = 1e-5 * max(abs(relevance)), sorted(relevance)
    starts = [one for last, one in pairwise(ordered) if one - last > step]
    return [sum(one >= start for start in starts) for one in relevance]


def door(case: Case) -> str:
    """Demand that scores behind the door are those of the masked clips, one by one."""
    behind = case.question.perturber
    drop = np.random.default_rng(1).random((6, behind.n_segments)) < 0.4
    size = case.model.sample_rate_hz // 10
    kept = np.repeat(~drop, size, axis=1)[:, : case.waveform.size]
    masked = case.waveform * kept.astype(np.float32)
    if isinstance(case.spec, Network):
        expected = case.score(case.features_of(masked)).numpy()
    else:
        alone = [case.model.scores(one[None]) for one in masked]
        expected = np.concatenate(alone)[:, case.target]
    found = behind.scores(drop)
    if not np.allclose(found, expected, rtol=1e-3, atol=2e-3):
        raise WrongError(f"scores of masked clips are off by {np.abs(found - expected).max():.2g}")
    return "plain"


def occlusion_tf(case: Case, found: Explanation) -> str:
    """Half a second by a quarter of the bins, half overlapping, averaged: in loops."""
    frames, bins = case.features.shape[1:]
    centers = case.model.frame_centers_s(frames)
    hop_s = (centers[-1] - centers[0]) / (frames - 1)
    window, hop = round(0.5 / hop_s), round(0.25 / hop_s)
    band = max(1, bins // 4)
    total, times, patches, places = np.zeros((frames, bins)), np.zeros((frames, bins)), [], []
    for first in _starts(frames, window, hop):
        for low in _starts(bins, band, max(1, band // 2)):
            place = np.s_[first : first + window, low : low + band]
            patch = case.features[0].clone()
            patch[place] = case.nothing[0][place]
            patches.append(patch)
            places.append(place)
    falls = (case.score(case.features) - case.score(torch.stack(patches))).numpy()
    for place, fall in zip(places, falls, strict=True):
        total[place] += fall
        times[place] += 1
    same(map_of(found), total / times, what="loops")
    return "plain"


def _starts(size: int, window: int, hop: int) -> range:
    count = int(np.ceil((size - window) / hop)) + 1
    return range(0, count * hop, hop)


def lime_tf(case: Case, found: Explanation, seen: Tensor) -> str:
    """Weighted ridge regression by its normal equations, on the masks that were really asked."""
    frames, bins = case.features.shape[1:]
    centers = case.model.frame_centers_s(frames)
    size = round(0.5 * (frames - 1) / (centers[-1] - centers[0]))
    bands = min(4, bins)
    time, band = np.arange(frames) // size, np.arange(bins) * bands // bins
    cells = time[:, None] * bands + band
    kept = _kept(case, seen.double(), cells)
    scores = case.score(seen.double()).numpy()
    distance = 1 - np.sqrt(kept.mean(axis=1))
    weights = np.exp(-0.5 * (distance / 0.25) ** 2)
    middle = np.average(kept, axis=0, weights=weights)
    centred = kept - middle
    gram = (weights[:, None] * centred).T @ centred + np.eye(kept.shape[1])
    right = (weights[:, None] * centred).T @ (scores - np.average(scores, weights=weights))
    same(map_of(found), np.linalg.solve(gram, right)[cells], share=5e-3, what="ridge by hand")
    return "plain"


def _kept(case: Case, seen: Tensor, cells: FloatArray) -> FloatArray:
    """Read from masked features which cells were kept."""
    differs = (case.features - case.nothing).abs()[0].numpy()
    kept = np.ones((len(seen), cells.max() + 1))
    for cell in range(cells.max() + 1):
        inside = np.where(cells == cell, differs, -1.0)
        place = np.unravel_index(inside.argmax(), inside.shape)
        if inside[place] <= 0:
            raise WrongError("a cell has nothing in it: choose another clip")
        low, high = case.nothing[0][place], case.features[0][place]
        kept[:, cell] = ((seen[:, place[0], place[1]] - low).abs() > (high - low).abs() / 2).numpy()
    return kept
