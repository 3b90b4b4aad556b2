"""UrbanSound-CNN: a mel spectrogram as a picture of 64 by 64, and a CNN. See CARD.md."""

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


class UrbanSoundParameters(Parameters):
    """Settings of UrbanSound-CNN."""

    weights: Path | None = Field(None, description="Weights, from `awb train`; none are shipped.")


def _make(parameters: UrbanSoundParameters) -> AudioModel:
    """Load the model; torch is imported here."""
    from awb_plugins.models.urbansound_cnn.model import UrbanSoundModel

    return UrbanSoundModel(given(parameters.weights, "urbansound-cnn"))


def _class_list(parameters: UrbanSoundParameters) -> tuple[Sequence[str], Sequence[str]] | None:
    """Read the classes from the header of the weights file, where one is given."""
    from awb_plugins.models.named_weights import read_classes

    return (
        None
        if parameters.weights is None
        else (read_classes(parameters.weights, "urbansound-cnn"), ())
    )


def _trainable(parameters: UrbanSoundParameters) -> Trainer:  # noqa: ARG001 - nothing can be set
    """Return how the network is trained."""
    from awb_plugins.models.urbansound_cnn.recipe import recipe
    from awb_plugins.training import trainer_of

    return trainer_of(recipe())


SPEC = ModelSpec(
    name="urbansound-cnn",
    title="UrbanSound CNN",
    summary="A CNN of 1,958,730 parameters over mel spectrograms of 4 s as pictures of 64 by 64",
    citation=(
        "Salamon, J., Jacoby, C., & Bello, J. P. (2014). A dataset and taxonomy for urban sound"
        " research. ACM Multimedia. doi:10.1145/2647868.2655045 (the task)"
    ),
    parameters=UrbanSoundParameters,
    requires=("torch", "safetensors"),
    factory=_make,
    class_list=_class_list,
    trainable=_trainable,
)
