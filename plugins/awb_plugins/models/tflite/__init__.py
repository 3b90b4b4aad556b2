"""``tflite:FILE``: any LiteRT network that scores a window of samples. See CARD.md."""

from __future__ import annotations

from awb.protocols import AudioModel
from awb.specs import ModelSpec
from awb_plugins.models.window_files import WindowFileParameters, class_list, windowed


def _make(parameters: WindowFileParameters) -> AudioModel:
    """Open the file; ai-edge-litert is imported here."""
    from awb_plugins.models.tflite.model import LiteRtFile

    return windowed(parameters, "tflite", LiteRtFile)


SPEC = ModelSpec(
    name="tflite",
    title="LiteRT file",
    summary="Any .tflite network of windows: tflite:FILE,classes=FILE,sample_rate_hz=N",
    citation="of the network in the file",
    parameters=WindowFileParameters,
    requires=("ai_edge_litert",),
    extra="yamnet",
    factory=_make,
    class_list=class_list,
    path_parameter="path",
)
