"""YAMNet, by LiteRT or TensorFlow: 521 AudioSet classes, scored patch by patch. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import Field

from awb.errors import MissingExtraError
from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters

PATCH_S = 0.975


class YamnetParameters(Parameters):
    """Settings of YAMNet.

    Attributes
    ----------
    path : Path or None
        A local .tflite file, or the folder of a SavedModel; without it, the cache, else a download.
    hop_s : float
        Distance between the starts of two patches, in seconds; the published framing's by default.
        At most the length of a patch, so that no audio goes unheard.
    pooling : str
        How the log-odds of the patches become the clip's: "max" (the class is in the clip if it is
        in a patch) or "mean".
    backend : str
        "litert" or "tfhub"; "auto" goes by the path, else takes what is installed, LiteRT first.
    handle : str
        Address of the published SavedModel, for backend=tfhub without a path.
    """

    path: Path | None = None
    hop_s: float = Field(default=0.48, ge=0.01, le=PATCH_S)
    pooling: Literal["max", "mean"] = "max"
    backend: Literal["auto", "litert", "tfhub"] = "auto"
    handle: str = "https://tfhub.dev/google/yamnet/1"


_NEEDS = {"litert": ("ai_edge_litert", "yamnet"), "tfhub": ("tensorflow_hub", "tfhub")}


def choose_backend(parameters: YamnetParameters) -> str:
    """Say which backend runs the model.

    Parameters
    ----------
    parameters : YamnetParameters
        What was asked for.

    Returns
    -------
    str
        ``litert`` or ``tfhub``.

    Raises
    ------
    MissingExtraError
        If the backend that was asked for, or that the path needs, is not installed.
    """
    wanted: str = parameters.backend
    if wanted == "auto" and parameters.path is not None:
        is_saved_model = (parameters.path.expanduser() / "saved_model.pb").is_file()
        wanted = "tfhub" if is_saved_model else "litert"
    if wanted == "auto":
        installed = [name for name, (module, _) in _NEEDS.items() if find_spec(module)]
        wanted = installed[0] if installed else "litert"
    module, extra = _NEEDS[wanted]
    if find_spec(module) is None:
        raise MissingExtraError(
            f"yamnet with backend={wanted} needs {module}."
            f' Type: python -m pip install "audio-where-benchmark[{extra}]"'
        )
    return wanted


def _make(parameters: YamnetParameters) -> AudioModel:
    """Load the model; ai-edge-litert or tensorflow is imported here."""
    if choose_backend(parameters) == "tfhub":
        from awb_plugins.models.saved_models import find_saved_model
        from awb_plugins.models.yamnet.tfhub import ADVICE, YamnetHub

        folder = find_saved_model(parameters.path, parameters.handle, "yamnet", ADVICE)
        return YamnetHub(folder, hop_s=parameters.hop_s, pooling=parameters.pooling)
    from awb_plugins.models.yamnet.litert import Yamnet
    from awb_plugins.models.yamnet.weights import read_weights

    return Yamnet(read_weights(parameters.path), hop_s=parameters.hop_s, pooling=parameters.pooling)


def _class_list(parameters: YamnetParameters) -> tuple[Sequence[str], Sequence[str]]:  # noqa: ARG001
    """Return the names and machine ids of the classes, which are the same for all weights."""
    from awb_plugins.models.yamnet.framing import read_class_map

    return read_class_map()


def _at_hand(parameters: YamnetParameters) -> bool:
    """Say whether the weights are here: those that were named, or for LiteRT those of the cache."""
    from awb_plugins.models.yamnet.weights import cached_file

    if parameters.path is not None:
        return parameters.path.expanduser().exists()
    return choose_backend(parameters) == "litert" and cached_file().is_file()


SPEC = ModelSpec(
    name="yamnet",
    title="YAMNet",
    summary="YAMNet, Google's MobileNet of 521 AudioSet classes, by LiteRT or TensorFlow",
    citation=(
        "Plakal, M., & Ellis, D. (2020). YAMNet."
        " https://github.com/tensorflow/models/tree/master/research/audioset/yamnet;"
        " trained on Gemmeke, J. F., et al. (2017). Audio Set. ICASSP."
        " doi:10.1109/ICASSP.2017.7952261"
    ),
    parameters=YamnetParameters,
    requires=("ai_edge_litert|tensorflow_hub",),
    extra="yamnet",
    factory=_make,
    class_list=_class_list,
    at_hand=_at_hand,
)
