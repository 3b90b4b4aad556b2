"""YAMNet run by LiteRT.

The file scores a single patch: its shape cannot be changed to take a batch. So a patch's score does
not depend on the patches around it, bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from awb.errors import WeightsError, one_line
from awb.types import AudioArray
from awb_plugins.models.yamnet.framing import N_CLASSES, PATCH_SAMPLES, PatchwiseYamnet, Pooling
from awb_plugins.models.yamnet.weights import sha256


def make_interpreter(content: bytes) -> Any:
    """Load the model file into a LiteRT interpreter with one thread of its own.

    Parameters
    ----------
    content : bytes
        A .tflite file.

    Returns
    -------
    ai_edge_litert.interpreter.Interpreter
        Ready to be invoked.

    Raises
    ------
    WeightsError
        If it is not a LiteRT model, or not one from 15,600 samples to 521 probabilities.
    """
    from ai_edge_litert.interpreter import Interpreter

    advice = "Type --model yamnet:path=FILE with YAMNet's published classification .tflite"
    try:
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = one_line(error).rstrip(".")
        raise WeightsError(
            f"yamnet: the weights are not a LiteRT model: {reason}. {advice}"
        ) from error
    ends = interpreter.get_input_details() + interpreter.get_output_details()
    found = [(tuple(int(size) for size in end["shape"]), end["dtype"]) for end in ends]
    if found != [((PATCH_SAMPLES,), np.float32), ((1, N_CLASSES), np.float32)]:
        shapes = " to ".join(f"{np.dtype(dtype).name} {shape}" for shape, dtype in found)
        raise WeightsError(
            f"yamnet: the weights are of another model: {shapes}, expected"
            f" float32 ({PATCH_SAMPLES},) to float32 (1, {N_CLASSES}). {advice}"
        )
    return interpreter


class Yamnet(PatchwiseYamnet):
    """YAMNet in its LiteRT form.

    Parameters
    ----------
    content : bytes
        The .tflite file.
    hop_s : float
        Distance between the starts of two patches, in seconds, at most a patch.
    pooling : str
        "max" or "mean", over the log-odds of the patches.

    Raises
    ------
    WeightsError
        If the file is not YAMNet.
    """

    def __init__(self, content: bytes, *, hop_s: float = 0.48, pooling: Pooling = "max") -> None:
        super().__init__(sha256(content), hop_s=hop_s, pooling=pooling)
        self._interpreter = make_interpreter(content)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

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
        self._interpreter.set_tensor(self._input, patch)
        self._interpreter.invoke()
        found: npt.NDArray[np.float32] = self._interpreter.get_tensor(self._output)[0]
        return found
