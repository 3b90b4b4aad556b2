"""YAMNet run by TensorFlow: the published TensorFlow Hub form, or a local SavedModel like it.

The published function takes a waveform of any length and frames it itself. Here it gets a patch of
15,600 samples at a time, for which it makes exactly one frame: the framing, the pooling and so the
meaning of a score are those of the LiteRT form (`awb_plugins.models.yamnet.framing`). Its weights
are not quantized, and the score can be differentiated with respect to the samples.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, WeightsError, one_line
from awb.types import AudioArray
from awb_plugins.models.saved_models import folder_sha256
from awb_plugins.models.yamnet.framing import (
    EPSILON,
    N_CLASSES,
    PATCH_SAMPLES,
    PatchwiseYamnet,
    Pooling,
)

HANDLE = "https://tfhub.dev/google/yamnet/1"

ADVICE = "Type --model yamnet:backend=tfhub,path=FOLDER with YAMNet's SavedModel"


def load_function(folder: Path) -> Any:
    """Load a SavedModel and check that it is YAMNet.

    Parameters
    ----------
    folder : Path
        The SavedModel.

    Returns
    -------
    callable
        A waveform ``(samples,)`` to scores ``(frames, 521)``, embeddings and spectrogram.

    Raises
    ------
    WeightsError
        If it cannot be loaded, or a patch does not give one frame of 521 probabilities.
    """
    import tensorflow as tf
    import tensorflow_hub as hub

    try:
        module = hub.load(str(folder))
        found = module(tf.zeros(PATCH_SAMPLES, tf.float32))
        shape = tuple(found[0].shape)
    except (OSError, ValueError, TypeError, KeyError, IndexError, tf.errors.OpError) as error:
        reason = one_line(error, 200)
        raise WeightsError(f"yamnet: {folder} is not YAMNet: {reason}. {ADVICE}") from error
    if shape != (1, N_CLASSES):
        raise WeightsError(
            f"yamnet: {folder} is another model: a patch of {PATCH_SAMPLES} samples gives scores of"
            f" shape {shape}, expected (1, {N_CLASSES}). {ADVICE}"
        )
    return module


class YamnetHub(PatchwiseYamnet):
    """YAMNet in its TensorFlow form.

    Parameters
    ----------
    folder : Path
        The SavedModel.
    hop_s : float
        Distance between the starts of two patches, in seconds, at most a patch.
    pooling : str
        "max" or "mean", over the log-odds of the patches.

    Raises
    ------
    WeightsError
        If the folder is not YAMNet.
    """

    def __init__(self, folder: Path, *, hop_s: float = 0.48, pooling: Pooling = "max") -> None:
        super().__init__(folder_sha256(folder), hop_s=hop_s, pooling=pooling)
        import tensorflow as tf

        self._tf: Any = tf
        self._function = load_function(folder)

    def probabilities(self, patch: AudioArray) -> npt.NDArray[np.float32]:
        """Run the network on one patch.

        Parameters
        ----------
        patch : np.ndarray, shape=(15600,), dtype=float32
            Samples in [-1, 1].

        Returns
        -------
        np.ndarray, shape=(521,), dtype=float32
            Probabilities.
        """
        found: npt.NDArray[np.float32] = self._function(self._tf.constant(patch))[0].numpy()[0]
        return found

    def waveform_gradient(
        self, waveform: AudioArray, class_index: int
    ) -> tuple[float, npt.NDArray[np.float32]]:
        """Differentiate a class's score with respect to the samples.

        Parameters
        ----------
        waveform : np.ndarray, shape=(samples,), dtype=float32
            Samples in [-1, 1] at 16 kHz.
        class_index : int
            Which class, in [0, 521).

        Returns
        -------
        score : float
            The clip's log-odds.
        gradient : np.ndarray, shape=(samples,), dtype=float32
            Change of the score with each sample; 0 where a patch's probability is clipped, and
            with ``pooling=max`` outside the highest patch.

        Raises
        ------
        ParameterError
            If the waveform is not float32 of one dimension, or there is no such class.
        """
        if waveform.ndim != 1 or waveform.size == 0 or waveform.dtype != np.float32:
            raise ParameterError("yamnet: expected a float32 waveform of one dimension")
        if not 0 <= class_index < N_CLASSES:
            raise ParameterError(f"yamnet: class index {class_index} is not in [0, {N_CLASSES})")
        tf = self._tf
        samples = tf.constant(waveform)
        with tf.GradientTape() as tape:
            tape.watch(samples)
            padded = tf.pad(samples, [[0, max(0, PATCH_SAMPLES - waveform.size)]])
            odds = [
                self._log_odds(padded[start : start + PATCH_SAMPLES], class_index)
                for start in self.patch_starts(waveform.size)
            ]
            pool = tf.reduce_max if self._pooling == "max" else tf.reduce_mean
            score = pool(tf.stack(odds))
        gradient = tape.gradient(score, samples)
        found = np.zeros_like(waveform) if gradient is None else gradient.numpy()
        return float(score), found

    def _log_odds(self, patch: Any, class_index: int) -> Any:
        tf = self._tf
        probability = tf.cast(self._function(patch)[0][0, class_index], tf.float64)
        clipped = tf.clip_by_value(probability, EPSILON, 1 - EPSILON)
        return tf.math.log(clipped) - tf.math.log1p(-clipped)
