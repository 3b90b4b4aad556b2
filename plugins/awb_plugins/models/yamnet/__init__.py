"""YAMNet in its LiteRT form: 521 AudioSet classes, scored patch by patch. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters

PATCH_S = 0.975


class YamnetParameters(Parameters):
    """Settings of YAMNet.

    Attributes
    ----------
    path : Path or None
        A local .tflite file; without it, the cache, else a download.
    hop_s : float
        Distance between the starts of two patches, in seconds; the published framing's by default.
        At most the length of a patch, so that no audio goes unheard.
    pooling : str
        How the log-odds of the patches become the clip's: "max" (the class is in the clip if it is
        in a patch) or "mean".
    """

    path: Path | None = None
    hop_s: float = Field(default=0.48, ge=0.01, le=PATCH_S)
    pooling: Literal["max", "mean"] = "max"


def _make(parameters: YamnetParameters) -> AudioModel:
    """Load the model; ai-edge-litert is imported here."""
    from awb_plugins.models.yamnet.litert import Yamnet
    from awb_plugins.models.yamnet.weights import read_weights

    return Yamnet(read_weights(parameters.path), hop_s=parameters.hop_s, pooling=parameters.pooling)


def _class_list(parameters: YamnetParameters) -> tuple[Sequence[str], Sequence[str]]:  # noqa: ARG001
    """Return the names and machine ids of the classes, which are the same for all weights."""
    from awb_plugins.models.yamnet.litert import read_class_map

    return read_class_map()


SPEC = ModelSpec(
    name="yamnet",
    summary="YAMNet, Google's MobileNet of 521 AudioSet classes, in its LiteRT form",
    citation=(
        "Plakal, M., & Ellis, D. (2020). YAMNet."
        " https://github.com/tensorflow/models/tree/master/research/audioset/yamnet;"
        " trained on Gemmeke, J. F., et al. (2017). Audio Set. ICASSP."
        " doi:10.1109/ICASSP.2017.7952261"
    ),
    parameters=YamnetParameters,
    requires=("ai_edge_litert",),
    extra="yamnet",
    factory=_make,
    class_list=_class_list,
)
