"""VGGish's features: log-mel frames, and the patches that the network takes.

Conventions
-----------
16 kHz; windows of 400 samples (25 ms, periodic Hann), one every 160 (10 ms), the first at the
first sample and the last where it still fits; magnitude of a transform of 512; 64 triangular
filters, evenly spaced and straight on the mel scale ``1127 ln(1 + f / 700)`` from 125 to 7,500 Hz;
``log(mel + 0.01)``. A patch is 96 frames, 0.96 s; patches do not overlap, and what is left at the
end is not heard. 96 frames hear 15,600 samples, 0.975 s: the shortest clip.

References
----------
Hershey, S., et al. (2017). CNN architectures for large-scale audio classification. ICASSP.
doi:10.1109/ICASSP.2017.7952132
https://github.com/tensorflow/models/tree/master/research/audioset/vggish
"""

from __future__ import annotations

from functools import cache

import numpy as np

from awb.intervals import FloatArray, IntArray
from awb.protocols import ScoreArray
from awb.types import AudioArray

SAMPLE_RATE_HZ = 16_000
WINDOW_SAMPLES, HOP_SAMPLES, FFT_SAMPLES = 400, 160, 512
MEL_BINS, PATCH_FRAMES = 64, 96
LOWEST_HZ, HIGHEST_HZ = 125.0, 7500.0
LOG_OFFSET = 0.01
PATCH_SAMPLES = (PATCH_FRAMES - 1) * HOP_SAMPLES + WINDOW_SAMPLES
PATCH_HOP_SAMPLES = PATCH_FRAMES * HOP_SAMPLES


@cache
def mel_filters() -> FloatArray:
    """Return the mel filters."""
    bins_hz = np.linspace(0, SAMPLE_RATE_HZ / 2, FFT_SAMPLES // 2 + 1)
    bins, (lowest, highest) = _mel(bins_hz), _mel(np.array([LOWEST_HZ, HIGHEST_HZ]))
    edges = np.linspace(lowest, highest, MEL_BINS + 2)
    width = edges[1] - edges[0]
    distance = np.abs(bins[:, np.newaxis] - edges[1:-1]) / width
    filters: FloatArray = np.maximum(0.0, 1.0 - distance)
    filters[0] = 0.0
    filters.flags.writeable = False
    return filters


def _mel(frequencies_hz: FloatArray) -> FloatArray:
    mels: FloatArray = 1127.0 * np.log1p(frequencies_hz / 700.0)
    return mels


def frame_starts(n_samples: int) -> IntArray:
    """Return the first sample of each frame, ``shape=(frames,)``; none for less than a window."""
    n_frames = max(0, (n_samples - WINDOW_SAMPLES) // HOP_SAMPLES + 1)
    return np.arange(n_frames, dtype=np.int64) * HOP_SAMPLES


def patch_starts(n_samples: int) -> IntArray:
    """Return the first sample of each patch, ``shape=(patches,)``; none for less than a patch."""
    n_patches = len(frame_starts(n_samples)) // PATCH_FRAMES
    return np.arange(n_patches, dtype=np.int64) * PATCH_HOP_SAMPLES


def log_mel(waveforms: AudioArray) -> ScoreArray:
    """Compute the log-mel frames of clips, or of patches."""
    samples = np.arange(WINDOW_SAMPLES)
    window = np.sin(np.pi * samples / WINDOW_SAMPLES) ** 2
    found = np.empty(
        (len(waveforms), len(frame_starts(waveforms.shape[1])), MEL_BINS), dtype=np.float32
    )
    for row, waveform in enumerate(waveforms):  # a clip's frames fit a cache, a batch's do not
        frames = np.lib.stride_tricks.sliding_window_view(waveform, WINDOW_SAMPLES)[::HOP_SAMPLES]
        magnitude = np.abs(np.fft.rfft(frames * window, FFT_SAMPLES))
        found[row] = np.log(magnitude @ mel_filters() + LOG_OFFSET)
    return found
