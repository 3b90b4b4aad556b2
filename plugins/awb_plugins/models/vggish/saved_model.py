"""VGGish run by TensorFlow: the published TensorFlow Hub form, or a local SavedModel like it.

The published function takes a waveform of any length and cuts it into patches itself. Here it gets
the 15,600 samples of one patch at a time, for which it gives exactly one embedding.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from awb.errors import MissingExtraError, WeightsError, one_line
from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models.saved_models import find_saved_model, folder_sha256
from awb_plugins.models.vggish import front_end

HANDLE = "https://tfhub.dev/google/vggish/1"
EMBEDDING = 128

_ADVICE = "Type --model vggish:weights=FOLDER with VGGish's SavedModel, or weights=FILE for torch"


class SavedVggish:
    """VGGish in its TensorFlow form."""

    def __init__(self, path: Path | None) -> None:
        try:
            import tensorflow as tf
            import tensorflow_hub as hub
        except ImportError as error:
            raise MissingExtraError(
                f"vggish's SavedModel needs {error.name}."
                ' Type: python -m pip install "audio-where-benchmark[tfhub]"'
            ) from error
        folder = find_saved_model(path, HANDLE, "vggish", _ADVICE)
        self._tf: Any = tf
        try:
            self._function: Any = hub.load(str(folder))
            shape = tuple(self._function(tf.zeros(front_end.PATCH_SAMPLES, tf.float32)).shape)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, tf.errors.OpError) as bad:
            reason = one_line(bad, 200)
            raise WeightsError(f"vggish: {folder} is not VGGish: {reason}. {_ADVICE}") from bad
        if shape != (1, EMBEDDING):
            raise WeightsError(
                f"vggish: {folder} is another model: a patch of {front_end.PATCH_SAMPLES} samples"
                f" gives shape {shape}, expected (1, {EMBEDDING}). {_ADVICE}"
            )
        self.weights_sha256 = folder_sha256(folder)

    def embed(self, patches: AudioArray) -> ScoreArray:
        """Embed patches of audio."""
        rows = [self._function(self._tf.constant(patch)).numpy()[0] for patch in patches]
        return np.array(rows, dtype=np.float32).reshape(-1, EMBEDDING)
