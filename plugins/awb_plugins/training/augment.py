"""Augmentation: other versions of the training clips, and holes in their features.

Conventions
-----------
*Versions* of a clip are made from its waveform: faster, slower, or with noise on a quarter of it.
They come after the split, from the training part alone. Every epoch hears one version of each clip.
Gain and SpecAugment are drawn again for every batch.

References
----------
Ko, T., Peddinti, V., Povey, D., & Khudanpur, S. (2015). Audio augmentation for speech recognition.
Interspeech. https://doi.org/10.21437/Interspeech.2015-711 (Changes of speed.)
Park, D. S., et al. (2019). SpecAugment: A simple data augmentation method for automatic speech
recognition. Interspeech. https://doi.org/10.21437/Interspeech.2019-2680
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from awb.audio import resample
from awb.errors import SplitError
from awb.intervals import IntArray
from awb.types import AudioArray
from awb_plugins.training.examples import ORIGINAL, Examples
from awb_plugins.training.recipe import NOISE, SPEED

if TYPE_CHECKING:
    import torch

FAST, SLOW, NOISY = "speed x1.23", "speed x0.81", "noise"
VERSIONS = {SPEED: (FAST, SLOW), NOISE: (NOISY,)}
NOISE_SHARE = 0.25
_PERCENT = {FAST: 123, SLOW: 81}
_NOISE_DB, _GAIN_DB = (-20.0, -5.0), (-10.0, 3.0)
_WIDEST_BAND_SHARE, _LONGEST_GAP_SHARE = 0.15, 0.1


def with_copies(examples: Examples, names: Sequence[str]) -> Examples:
    """Add augmented copies of clips, each with the labels and the group of its source."""
    if any(examples.versions):
        raise SplitError("these examples hold augmented copies already; augment only once")
    wanted = [version for name in names for version in VERSIONS.get(name, ())]
    several = examples.take(np.tile(np.arange(len(examples)), len(wanted) + 1))
    versions = np.repeat([ORIGINAL, *wanted], len(examples)).tolist()
    ids = [
        f"{name}@{version}" if version else name
        for name, version in zip(several.ids, versions, strict=True)
    ]
    return replace(several, versions=tuple(versions), ids=tuple(ids))


def draw_versions(examples: Examples, rng: np.random.Generator) -> IntArray:
    """Draw one version of every clip, in random order, ``shape=(clips,)``."""
    shuffled = rng.permutation(len(examples))
    _, first = np.unique(examples.rows[shuffled], return_index=True)
    return shuffled[np.sort(first)]


def render(examples: Examples, chosen: IntArray, rng: np.random.Generator) -> AudioArray:
    """Render examples, doing what their versions ask for."""
    waveforms = examples.waveforms(chosen)
    for place, index in enumerate(chosen):
        version = examples.versions[int(index)]
        if version in _PERCENT:
            waveforms[place] = change_speed(waveforms[place], _PERCENT[version], rng)
        elif version == NOISY:
            waveforms[place] = add_noise(waveforms[place], rng)
    return waveforms


def change_speed(waveform: AudioArray, percent: int, rng: np.random.Generator) -> AudioArray:
    """Play a clip faster or slower, pitch included, at its old length."""
    played = resample(waveform, percent, 100)
    spare = waveform.size - played.size
    start = int(rng.integers(abs(spare) + 1))
    if spare < 0:
        return played[start : start + waveform.size]
    changed = np.zeros_like(waveform)
    changed[start : start + played.size] = played
    return changed


def add_noise(waveform: AudioArray, rng: np.random.Generator) -> AudioArray:
    """Add white noise to a quarter of a clip, 5 to 20 dB under the clip's level."""
    length = round(NOISE_SHARE * waveform.size)
    start = int(rng.integers(waveform.size - length + 1))
    level = float(np.sqrt(np.mean(waveform**2))) * 10 ** (rng.uniform(*_NOISE_DB) / 20)
    noisy = waveform.copy()
    noisy[start : start + length] += level * rng.standard_normal(length, dtype=np.float32)
    return np.clip(noisy, -1, 1)


def change_gain(waveforms: AudioArray, rng: np.random.Generator) -> None:
    """Change the level of every clip by -10 to 3 dB, in place; peaks are clipped."""
    gains = 10 ** (rng.uniform(*_GAIN_DB, (len(waveforms), 1)) / 20)
    np.clip(waveforms * gains.astype(np.float32), -1, 1, out=waveforms)


def spec_augment(features: torch.Tensor, rng: np.random.Generator) -> None:
    """Set a band and a stretch of time of every clip's features to the clip's mean, in place."""
    _, n_frames, n_bins = features.shape
    for clip in features:
        mean = clip.mean()
        width = int(rng.integers(int(_WIDEST_BAND_SHARE * n_bins) + 1))
        low = int(rng.integers(n_bins - width + 1))
        clip[:, low : low + width] = mean
        width = int(rng.integers(int(_LONGEST_GAP_SHARE * n_frames) + 1))
        start = int(rng.integers(n_frames - width + 1))
        clip[start : start + width] = mean
