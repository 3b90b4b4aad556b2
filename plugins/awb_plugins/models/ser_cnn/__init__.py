"""SER-CNN: 193 averaged features of speech and a one-dimensional CNN. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters


class SerCnnParameters(Parameters):
    """Settings of SER-CNN."""

    weights: Path = Field(description="Weights, a safetensors file that names the classes.")


def _make(parameters: SerCnnParameters) -> AudioModel:
    """Load the model; torch and librosa are imported here."""
    from awb_plugins.models.ser_cnn.model import SerCnnModel

    return SerCnnModel(parameters.weights)


def _class_list(parameters: SerCnnParameters) -> tuple[Sequence[str], Sequence[str]]:
    """Read the classes from the header of the weights file."""
    from awb_plugins.models.named_weights import read_classes

    return read_classes(parameters.weights, "ser-cnn"), ()


SPEC = ModelSpec(
    name="ser-cnn",
    summary="193 averaged features of speech and a one-dimensional CNN, for emotions",
    citation=(
        "Issa, D., et al. (2020). Speech emotion recognition with deep convolutional neural"
        " networks. Biomedical Signal Processing and Control 59. doi:10.1016/j.bspc.2020.101894;"
        " layout of De Pinto, M. G., et al. (2020). doi:10.1109/EAIS48028.2020.9122698"
    ),
    parameters=SerCnnParameters,
    requires=("librosa", "torch", "safetensors"),
    extra="ser",
    factory=_make,
    class_list=_class_list,
)
