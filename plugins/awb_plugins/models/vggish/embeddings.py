"""VGGish's embeddings of a clip, summed up; a patch that was heard before is not embedded again.

Masked clips share most of their patches: a mask of 100 ms cells leaves a patch of 0.96 s in few
states. The clip's score is not pooled from scores of patches, so `awb.protocols.PatchModel` does
not fit; a memory of embeddings by the patches' samples serves as well.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

import numpy as np

from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models.extractors.vectors import VectorArray, check_clips, mean_and_deviation
from awb_plugins.models.vggish import front_end

EMBEDDING = 128
REMEMBERED = 50_000


class Embedder(Protocol):
    """VGGish, whatever runs it."""

    weights_sha256: str

    def embed(self, patches: AudioArray) -> ScoreArray:
        """Embed patches of audio, ``(n, 15600)`` to ``(n, 128)``."""
        ...


class VggishEmbeddings:
    """Mean and standard deviation of the embeddings of a clip's patches."""

    name = "vggish"
    sample_rate_hz = front_end.SAMPLE_RATE_HZ
    minimum_samples = front_end.PATCH_SAMPLES
    n_features = 2 * EMBEDDING

    def __init__(self, embedder: Embedder, remembered: int = REMEMBERED) -> None:
        self.weights_sha256 = embedder.weights_sha256
        self._embedder = embedder
        self._remembered = remembered
        self._known: dict[bytes, ScoreArray] = {}

    def embeddings(self, waveforms: AudioArray) -> ScoreArray:
        """Embed every patch of clips."""
        check_clips(waveforms, self)
        starts = front_end.patch_starts(waveforms.shape[1])
        cut = [waveforms[:, start : start + front_end.PATCH_SAMPLES] for start in starts]
        patches = np.stack(cut, axis=1).reshape(-1, front_end.PATCH_SAMPLES)
        keys = [hashlib.blake2b(patch.tobytes(), digest_size=16).digest() for patch in patches]
        found = {key: self._known[key] for key in keys if key in self._known}
        new = {key: row for row, key in enumerate(keys) if key not in found}
        if new:
            fresh = self._embedder.embed(patches[list(new.values())])
            found.update(zip(new, fresh, strict=True))
            self._known.update((key, found[key]) for key in new)
            for key in list(self._known)[: max(0, len(self._known) - self._remembered)]:
                del self._known[key]
        return np.stack([found[key] for key in keys]).reshape(len(waveforms), len(starts), -1)

    def vectors(self, waveforms: AudioArray) -> VectorArray:
        """Compute the features of clips."""
        return mean_and_deviation(self.embeddings(waveforms))


def load(weights: Path | None) -> VggishEmbeddings:
    """Load VGGish."""
    if weights is None or weights.expanduser().is_dir():
        from awb_plugins.models.vggish.saved_model import SavedVggish

        return VggishEmbeddings(SavedVggish(weights))
    from awb_plugins.models.vggish.torch_port import TorchVggish

    return VggishEmbeddings(TorchVggish(weights))
