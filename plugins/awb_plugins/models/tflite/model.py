"""A LiteRT file, run with one thread on one window at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from awb.errors import WeightsError, one_line
from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models.window_files import End, WindowFile


def _end(details: dict[str, Any]) -> End:
    shape = details.get("shape_signature", details["shape"])
    if len(shape) == 0:
        shape = details["shape"]
    return End(
        str(details["name"]), tuple(int(size) for size in shape), np.dtype(details["dtype"]).name
    )


class LiteRtFile(WindowFile):
    """An interpreter for a file.

    Parameters
    ----------
    content : bytes
        The .tflite file.

    Raises
    ------
    WeightsError
        If it is not a LiteRT network, or needs operations that LiteRT lacks.
    """

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter: Any = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            reason = one_line(error).rstrip(".")
            raise WeightsError(f"tflite: the file is not a LiteRT network: {reason}") from error
        self.inputs = [_end(one) for one in self._interpreter.get_input_details()]
        self.outputs = [_end(one) for one in self._interpreter.get_output_details()]
        self._shape = tuple(self._interpreter.get_input_details()[0]["shape"])
        self._outputs = [one["index"] for one in self._interpreter.get_output_details()]

    def run(self, given: AudioArray, output: int) -> ScoreArray:
        """Run the network; see `WindowFile.run`."""
        place = self._interpreter.get_input_details()[0]["index"]
        if given.shape != self._shape:
            self._interpreter.resize_tensor_input(place, given.shape)
            self._interpreter.allocate_tensors()
            self._shape = given.shape
        self._interpreter.set_tensor(place, given)
        self._interpreter.invoke()
        found: ScoreArray = self._interpreter.get_tensor(self._outputs[output])
        return found
