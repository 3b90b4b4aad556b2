"""Compact encodings for a page: sound as Ogg Opus, outlines of waveforms, relevance as integers.

Binary content is base64 text. Relevance is scaled by its largest absolute value to integers in
[-1000, 1000], which is finer than a pixel. Kept cells are one character per cell, ``1`` or ``0``.
"""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass

import numpy as np

from awb.audio import resample
from awb.intervals import FloatArray
from awb.metrics.fidelity import deletion_order
from awb.randomness import RandomKey
from awb.segments import Segments, labels_from_coverage
from awb.types import AudioArray

RELEVANCE_SCALE = 1000
KEPT_FRACTION = 0.2
OUTLINE_BINS = 600

_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_OPUS_LEVEL = 0.88  # about 40 kbit/s for a mono clip at 16 kHz


def as_base64(content: bytes) -> str:
    """Encode bytes as base64 text."""
    return base64.b64encode(content).decode("ascii")


def opus(waveform: AudioArray, sample_rate_hz: int) -> bytes:
    """Compress a waveform as Ogg Opus."""
    import soundfile

    rate_hz = next((rate for rate in _OPUS_RATES_HZ if rate >= sample_rate_hz), _OPUS_RATES_HZ[-1])
    ready = resample(waveform, sample_rate_hz, rate_hz)
    stream = io.BytesIO()
    soundfile.write(
        stream, ready, rate_hz, format="OGG", subtype="OPUS", compression_level=_OPUS_LEVEL
    )
    return stream.getvalue()


def outline(waveform: AudioArray, bins: int = OUTLINE_BINS) -> list[list[int]]:
    """Summarize a waveform by its lowest and highest sample in each bin, in percent of its peak.

    Examples
    --------
    >>> outline(np.array([0.0, 0.5, -0.25, 0.1], dtype=np.float32), 2)
    [[0, 100], [-50, 20]]
    """
    count = min(bins, waveform.size)
    edges = np.linspace(0, waveform.size, count, endpoint=False).astype(np.int64)
    peak = max(float(np.abs(waveform).max()), 1e-9)
    low = np.minimum.reduceat(waveform, edges) / peak
    high = np.maximum.reduceat(waveform, edges) / peak
    return [[round(100 * float(a)), round(100 * float(b))] for a, b in zip(low, high, strict=True)]


def whole_numbers(relevance: FloatArray, values: FloatArray | None = None) -> list[int]:
    """Scale relevance, or its uncertainty, to integers; the largest relevance is 1000 or -1000.

    Examples
    --------
    >>> whole_numbers(np.array([0.5, -0.25, 0.0]))
    [1000, -500, 0]
    >>> whole_numbers(np.array([0.5, -0.25, 0.0]), np.array([0.1, 0.0, 0.05]))
    [200, 0, 100]
    """
    largest = float(np.abs(relevance).max())
    if largest == 0:
        return [0] * relevance.size
    scaled = np.round(RELEVANCE_SCALE * ((relevance if values is None else values) / largest))
    return [int(value) for value in scaled]


@dataclass(frozen=True, slots=True)
class KeptCounts:
    """Numbers of cells that the masked-in audio may keep."""

    annotated: int  # as many as are labelled positive; 0 if nothing is annotated
    fifth: int  # a fifth of all cells, rounded up

    @classmethod
    def of(cls, segments: Segments, intervals_s: FloatArray) -> KeptCounts:
        """Count the cells of a clip whose target events have the intervals, ``shape=(n, 2)``."""
        labels = labels_from_coverage(segments.coverage(intervals_s))
        return cls(int((labels == 1).sum()), math.ceil(KEPT_FRACTION * segments.n_cells))


def kept_cells(relevance: FloatArray, count: int, key: RandomKey) -> str:
    """Mark the most relevant cells, breaking ties as the fidelity metrics do."""
    kept = np.zeros(relevance.size, dtype=bool)
    kept[deletion_order(relevance, key.generator("ties"))[:count]] = True
    return "".join("1" if cell else "0" for cell in kept)
