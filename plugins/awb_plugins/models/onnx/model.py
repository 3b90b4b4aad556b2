"""An ONNX file, run by ONNX Runtime with one thread on one window at a time."""

from __future__ import annotations

from typing import Any

from awb.errors import WeightsError, one_line
from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models.window_files import End, WindowFile

_ONLY_ERRORS = 3
_TYPES = {"float": "float32", "double": "float64"}


def _end(given: Any) -> End:
    """Read a name, a shape whose open sizes have names or none, and a type: ``tensor(float)``."""
    shape = tuple(size if isinstance(size, int) else -1 for size in given.shape)
    kind = str(given.type).removeprefix("tensor(").removesuffix(")")
    return End(str(given.name), shape, _TYPES.get(kind, kind))


class OnnxFile(WindowFile):
    """A session of ONNX Runtime for a file.

    Parameters
    ----------
    content : bytes
        The .onnx file.

    Raises
    ------
    WeightsError
        If it is not an ONNX network, or needs operations that the runtime lacks.
    """

    def __init__(self, content: bytes) -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as state

        kinds = [kind for kind in vars(state).values() if isinstance(kind, type)]
        refusals: Any = tuple(kind for kind in kinds if issubclass(kind, Exception))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ONLY_ERRORS
        try:
            self._session: Any = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except refusals as error:
            reason = one_line(error).rstrip(".")
            raise WeightsError(f"onnx: the file is not an ONNX network: {reason}") from error
        self.inputs = [_end(one) for one in self._session.get_inputs()]
        self.outputs = [_end(one) for one in self._session.get_outputs()]

    def run(self, given: AudioArray, output: int) -> ScoreArray:
        """Run the network; see `WindowFile.run`."""
        wanted = [self.outputs[output].name]
        found: ScoreArray = self._session.run(wanted, {self.inputs[0].name: given})[0]
        return found
