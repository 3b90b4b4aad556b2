"""YAMNet's framing, whatever runs the network: patches scored one by one, pooled over the clip.

Conventions
-----------
A patch is 15,600 samples (0.975 s at 16 kHz: 96 mel frames of 25 ms every 10 ms). Patches start
every hop from the first sample; where the last of them does not reach the clip's end, one more is
aligned to that end. So all audio is heard, and no patch holds samples that are not the clip's,
unless the clip is shorter than a patch: then zeros follow it. (The published code pads the last
patch of any clip with zeros instead.)

References
----------
Plakal, M., & Ellis, D. (2020). YAMNet.
https://github.com/tensorflow/models/tree/master/research/audioset/yamnet
Howard, A. G., et al. (2017). MobileNets. arXiv:1704.04861.
Hershey, S., et al. (2017). CNN architectures for large-scale audio classification. ICASSP.
doi:10.1109/ICASSP.2017.7952132
"""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import resources
from typing import Literal

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import IntArray, to_samples
from awb.protocols import ScoreArray
from awb.reprs import DescribedModel
from awb.types import AudioArray

SAMPLE_RATE_HZ = 16000
PATCH_SAMPLES = 15600
N_CLASSES = 521

EPSILON = 2.0**-24
"""Probabilities are clipped to [EPSILON, 1 - EPSILON], log-odds to about 16.6 either way.

The largest float32 below one is 1 - EPSILON, so higher log-odds cannot be told apart. Low ones
could be, down to -87; the limit is the same, or "surely not" would weigh five times "surely"."""

Pooling = Literal["max", "mean"]


def log_odds(probabilities: npt.NDArray[np.float32]) -> ScoreArray:
    """Turn probabilities into finite log-odds.

    Parameters
    ----------
    probabilities : np.ndarray
        Values in [0, 1], any shape.

    Returns
    -------
    np.ndarray, dtype=float32
        ``log(p / (1 - p))`` of the same shape, in about [-16.6, 16.6].

    Examples
    --------
    >>> log_odds(np.array([0.0, 0.5, 1.0], dtype=np.float32)).astype(int).tolist()
    [-16, 0, 16]
    """
    clipped = np.clip(probabilities.astype(np.float64), EPSILON, 1 - EPSILON)
    return np.log(clipped / (1 - clipped)).astype(np.float32)


def read_class_map() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return YAMNet's display names and AudioSet machine ids, in the order of its outputs."""
    text = resources.files(__package__).joinpath("class_map.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return tuple(row["display_name"] for row in rows), tuple(row["mid"] for row in rows)


class PatchwiseYamnet(ABC, DescribedModel):
    """YAMNet as an `awb.protocols.PatchModel`; a subclass runs the network on one patch.

    Parameters
    ----------
    weights_sha256 : str
        Hash of the weights.
    hop_s : float
        Distance between the starts of two patches, in seconds, at most a patch.
    pooling : str
        "max" or "mean", over the log-odds of the patches.
    """

    sample_rate_hz = SAMPLE_RATE_HZ
    patch_samples = PATCH_SAMPLES

    def __init__(self, weights_sha256: str, *, hop_s: float, pooling: Pooling) -> None:
        names, mids = read_class_map()
        self.classes: Sequence[str] = names
        self.mids: Sequence[str] = mids
        self.weights_sha256 = weights_sha256
        self._hop_samples = int(to_samples(hop_s, SAMPLE_RATE_HZ))
        self._pooling = pooling

    @abstractmethod
    def probabilities(self, patch: AudioArray) -> npt.NDArray[np.float32]:
        """Run the network on one patch: ``(15600,)`` to probabilities ``(521,)``."""

    def patch_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each patch of a waveform.

        Parameters
        ----------
        n_samples : int
            Length of the waveform.

        Returns
        -------
        np.ndarray, shape=(patches,), dtype=int64
            Starts in increasing order; at least one.
        """
        last = max(0, n_samples - PATCH_SAMPLES)
        return np.append(np.arange(0, last, self._hop_samples, dtype=np.int64), last)

    def patch_scores(self, patches: AudioArray) -> ScoreArray:
        """Score patches one by one.

        Parameters
        ----------
        patches : np.ndarray, shape=(n, 15600), dtype=float32
            Samples in [-1, 1].

        Returns
        -------
        np.ndarray, shape=(n, 521), dtype=float32
            Log-odds, finite.

        Raises
        ------
        ParameterError
            If the patches are not float32 of that shape.
        """
        if patches.ndim != 2 or patches.shape[1] != PATCH_SAMPLES or patches.dtype != np.float32:
            raise ParameterError(
                f"yamnet: patches must be float32 of shape (n, {PATCH_SAMPLES}),"
                f" got {patches.dtype} of shape {patches.shape}"
            )
        probabilities = np.empty((len(patches), N_CLASSES), dtype=np.float32)
        for row, patch in enumerate(patches):
            probabilities[row] = self.probabilities(patch)
        return log_odds(probabilities)

    def pool(self, patch_scores: ScoreArray) -> ScoreArray:
        """Pool log-odds over the patches.

        Parameters
        ----------
        patch_scores : np.ndarray, shape=(..., patches, classes), dtype=float32
            Log-odds of the patches.

        Returns
        -------
        np.ndarray, shape=(..., classes), dtype=float32
            Log-odds of the clip.
        """
        if self._pooling == "max":
            return np.asarray(patch_scores.max(axis=-2), dtype=np.float32)
        # Summed in float64, so that one class alone gives the same bits as all of them together.
        return np.asarray(patch_scores.mean(axis=-2, dtype=np.float64), dtype=np.float32)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score clips.

        Parameters
        ----------
        waveforms : np.ndarray, shape=(batch, samples), dtype=float32
            Samples in [-1, 1] at 16 kHz; a clip shorter than a patch is followed by zeros.

        Returns
        -------
        np.ndarray, shape=(batch, 521), dtype=float32
            Log-odds.

        Raises
        ------
        ParameterError
            If the waveforms are not float32 of that shape, or have no samples.
        """
        if waveforms.ndim != 2 or waveforms.shape[1] == 0 or waveforms.dtype != np.float32:
            raise ParameterError(
                "yamnet: waveforms must be float32 of shape (batch, samples),"
                f" got {waveforms.dtype} of shape {waveforms.shape}"
            )
        starts = self.patch_starts(waveforms.shape[1])
        missing = max(0, PATCH_SAMPLES - waveforms.shape[1])
        padded = np.pad(waveforms, ((0, 0), (0, missing)))
        pooled = np.empty((len(waveforms), N_CLASSES), dtype=np.float32)
        for row, waveform in enumerate(padded):
            patches = np.stack([waveform[start : start + PATCH_SAMPLES] for start in starts])
            pooled[row] = self.pool(self.patch_scores(patches))
        return pooled
