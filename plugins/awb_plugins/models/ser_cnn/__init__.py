"""SER-CNN: 193 averaged features of speech and a one-dimensional CNN. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters
from awb_plugins.models.named_weights import given

if TYPE_CHECKING:
    from awb.training import Trainer


class SerCnnParameters(Parameters):
    """Settings of SER-CNN."""

    weights: Path | None = Field(None, description="Weights, from `awb train`; none are shipped.")


def _make(parameters: SerCnnParameters) -> AudioModel:
    """Load the model; torch and librosa are imported here."""
    from awb_plugins.models.ser_cnn.model import SerCnnModel

    return SerCnnModel(given(parameters.weights, "ser-cnn"))


def _class_list(parameters: SerCnnParameters) -> tuple[Sequence[str], Sequence[str]] | None:
    """Read the classes from the header of the weights file, where one is given."""
    from awb_plugins.models.named_weights import read_classes

    if parameters.weights is None:
        return None
    return read_classes(parameters.weights, "ser-cnn"), ()


def _trainable(parameters: SerCnnParameters) -> Trainer:  # noqa: ARG001 - nothing can be set
    """Return how the network is trained."""
    from awb_plugins.models.ser_cnn.recipe import recipe
    from awb_plugins.training import trainer_of

    return trainer_of(recipe())


SPEC = ModelSpec(
    name="ser-cnn",
    title="SER CNN",
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
    trainable=_trainable,
)
