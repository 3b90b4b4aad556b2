"""Features by name: what turns a clip into one vector, for classifiers of vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from pydantic import Field

from awb.errors import MissingExtraError
from awb.specs import ExtractorSpec, Parameters
from awb_plugins.models.extractors.vectors import Extractor

FeatureName = Literal["mfcc", "log-mel", "ser", "vggish"]


def _mfcc(weights: Path | None) -> Extractor:  # noqa: ARG001 - the others' signature
    from awb_plugins.models.extractors.mfcc import MfccStatistics

    return MfccStatistics()


def _ser(weights: Path | None) -> Extractor:  # noqa: ARG001
    from awb_plugins.models.ser_cnn.features import SerFeatures

    return SerFeatures()


def _log_mel(weights: Path | None) -> Extractor:  # noqa: ARG001
    from awb_plugins.models.vggish.log_mel_statistics import LogMelStatistics

    return LogMelStatistics()


def _vggish(weights: Path | None) -> Extractor:
    from awb_plugins.models.vggish.embeddings import load

    return load(weights)


_MAKERS: Mapping[FeatureName, Callable[[Path | None], Extractor]] = {
    "mfcc": _mfcc,
    "log-mel": _log_mel,
    "ser": _ser,
    "vggish": _vggish,
}
_NEED_LIBROSA = frozenset({"mfcc", "ser"})


def make_extractor(name: FeatureName, weights: Path | None = None) -> Extractor:
    """Make an extractor by its name; heavy libraries are imported here.

    Parameters
    ----------
    name : str
        ``mfcc``, ``log-mel``, ``ser`` or ``vggish``.
    weights : Path or None
        Of VGGish: a PyTorch file or the folder of a SavedModel; None for TensorFlow Hub's.

    Returns
    -------
    Extractor
        Ready to use.

    Raises
    ------
    MissingExtraError
        If its library is not installed.
    WeightsError
        If its weights cannot be had.
    """
    if name in _NEED_LIBROSA and find_spec("librosa") is None:
        raise MissingExtraError(
            f"{name} features need librosa."
            ' Type: python -m pip install "audio-where-benchmark[ser]"'
        )
    return _MAKERS[name](weights)


def minimum_duration_s(name: FeatureName) -> float:
    """Return the length of the shortest clip that features need, in seconds; no library is loaded.

    Parameters
    ----------
    name : str
        See `make_extractor`.

    Returns
    -------
    float
        0.975 for VGGish's patches, 0 for features that pad.
    """
    return 0.975 if name in ("vggish", "log-mel") else 0.0


class VggishExtractorParameters(Parameters):
    """Settings of VGGish's embeddings."""

    weights: Path | None = Field(
        None,
        description="A PyTorch file in torchvggish's layout, or the folder of a SavedModel;"
        " TensorFlow Hub's by default.",
    )


def _make_vggish(parameters: VggishExtractorParameters) -> Extractor:
    return make_extractor("vggish", parameters.weights)


_HERSHEY = (
    "Hershey, S., et al. (2017). CNN architectures for large-scale audio classification. ICASSP."
    " doi:10.1109/ICASSP.2017.7952132"
)

SPECS = (
    ExtractorSpec(
        name="vggish",
        summary="Mean and deviation of VGGish's embeddings: 256 values",
        citation=_HERSHEY,
        parameters=VggishExtractorParameters,
        factory=_make_vggish,
        path_parameter="weights",
    ),
    ExtractorSpec(
        name="vggish-log-mel",
        summary="Mean and deviation of VGGish's 64 log-mel bins: 128 values, no weights",
        citation=_HERSHEY,
        factory=lambda _: make_extractor("log-mel"),
    ),
    ExtractorSpec(
        name="mfcc",
        summary="Mean and deviation of 20 MFCCs: 40 values",
        citation=(
            "Davis, S., & Mermelstein, P. (1980). Comparison of parametric representations for"
            " monosyllabic word recognition. IEEE TASSP 28(4). doi:10.1109/TASSP.1980.1163420"
        ),
        requires=("librosa",),
        extra="ser",
        factory=lambda _: make_extractor("mfcc"),
    ),
    ExtractorSpec(
        name="ser",
        summary="MFCCs, chroma, mel, contrast and tonnetz, averaged over time: 193 values",
        citation=(
            "Issa, D., Demirci, M. F., & Yazici, A. (2020). Speech emotion recognition with deep"
            " convolutional neural networks. Biomedical Signal Processing and Control 59."
            " doi:10.1016/j.bspc.2020.101894"
        ),
        requires=("librosa",),
        extra="ser",
        factory=lambda _: make_extractor("ser"),
    ),
)
