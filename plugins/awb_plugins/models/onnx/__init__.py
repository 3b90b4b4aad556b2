"""``onnx:FILE``: any ONNX network that scores a window of samples. See CARD.md."""

from __future__ import annotations

from awb.protocols import AudioModel
from awb.specs import ModelSpec
from awb_plugins.models.window_files import WindowFileParameters, class_list, windowed


def _make(parameters: WindowFileParameters) -> AudioModel:
    """Open the file; onnxruntime is imported here."""
    from awb_plugins.models.onnx.model import OnnxFile

    return windowed(parameters, "onnx", OnnxFile)


SPEC = ModelSpec(
    name="onnx",
    title="ONNX file",
    summary="Any .onnx network of windows: onnx:FILE,classes=FILE,sample_rate_hz=N",
    citation="of the network in the file",
    parameters=WindowFileParameters,
    requires=("onnxruntime",),
    extra="onnx",
    factory=_make,
    class_list=class_list,
    path_parameter="path",
)
