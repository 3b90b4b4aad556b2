"""What the training does to its clips, so that the model copes with what a benchmark does to them.

References
----------
Park, D. S., et al. (2019). SpecAugment: A simple data augmentation method for automatic speech
recognition. Interspeech. https://doi.org/10.21437/Interspeech.2019-2680
Zhang, H., et al. (2018). mixup: Beyond empirical risk minimization. ICLR. arXiv:1710.09412.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from awb.designs import single
from awb.types import AudioArray

_SEGMENT_SAMPLES = 1600
_DROP_SHARE, _MIX_SHARE, _BAND_SHARE = 0.6, 0.3, 0.3
_WIDEST_BAND = 8


def mix(
    waveforms: AudioArray, labels: AudioArray, rng: np.random.Generator
) -> tuple[AudioArray, AudioArray]:
    """Change the level of every clip and mix another into some; the labels are joined."""
    batch = len(waveforms)
    gain = 10 ** (rng.uniform(-8, 4, (batch, 1)) / 20)
    mixed = waveforms * gain.astype(np.float32)
    partner = rng.permutation(batch)
    chosen = np.flatnonzero(rng.uniform(size=batch) < _MIX_SHARE)
    mixed[chosen] += (waveforms * gain.astype(np.float32))[partner[chosen]]
    both = labels.copy()
    both[chosen] = np.maximum(labels[chosen], labels[partner[chosen]])
    return np.clip(mixed, -1, 1), both


def drop_segments(waveforms: AudioArray, rng: np.random.Generator) -> None:
    """Replace segments of 100 ms of some clips by zeros or noise, in place."""
    n_segments = waveforms.shape[1] // _SEGMENT_SAMPLES
    for row in np.flatnonzero(rng.uniform(size=len(waveforms)) < _DROP_SHARE):
        fraction = float(rng.uniform(0.02, 0.4))
        run_length = int(rng.integers(1, 4))
        drop = single(n_segments, 1, rng, fraction=fraction, run_length=run_length)[0]
        samples = np.zeros(waveforms.shape[1], dtype=bool)
        samples[: n_segments * _SEGMENT_SAMPLES] = np.repeat(drop, _SEGMENT_SAMPLES)
        fill = np.zeros(int(samples.sum()), dtype=np.float32)
        if rng.uniform() < 0.3:
            level = waveforms[row].std() * 10 ** (rng.uniform(-20, 0) / 20)
            fill = rng.standard_normal(fill.size, dtype=np.float32) * np.float32(level)
        waveforms[row, samples] = fill


def drop_bands(features: Tensor, rng: np.random.Generator) -> None:
    """Replace a band of some clips' features by its mean over time, in place."""
    for row in np.flatnonzero(rng.uniform(size=len(features)) < _BAND_SHARE):
        width = int(rng.integers(1, _WIDEST_BAND + 1))
        start = int(rng.integers(features.shape[2] - width + 1))
        band = features[row, :, start : start + width]
        band.copy_(torch.mean(band, dim=0, keepdim=True).expand_as(band))
