"""Kws-CNN: is the keyword spoken? The embedded model of the dataset `kws`; see CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters

if TYPE_CHECKING:
    from awb.training import Trainer

EMBEDDED = Path(__file__).with_name("weights.safetensors")


class KwsCnnParameters(Parameters):
    """Settings of the model."""

    weights: Path | None = Field(
        None, description="Weights of your own, from `awb train`; embedded ones by default."
    )


def _path(parameters: KwsCnnParameters) -> Path:
    return EMBEDDED if parameters.weights is None else parameters.weights.expanduser()


def _make(parameters: KwsCnnParameters) -> AudioModel:
    """Load the model; torch is imported here."""
    from awb_plugins.models.kws_cnn.model import KwsCnn

    return KwsCnn(_path(parameters))


def _class_list(parameters: KwsCnnParameters) -> tuple[Sequence[str], Sequence[str]]:
    """Read the classes from the header of the weights file."""
    from awb_plugins.training.weights import read_class_list

    found = read_class_list(_path(parameters), "kws-cnn")
    return found.names, found.mids


def _trainable(parameters: KwsCnnParameters) -> Trainer:  # noqa: ARG001 - nothing can be set
    """Return how the embedded weights were trained."""
    from awb_plugins.models.kws_cnn.recipe import kws_recipe
    from awb_plugins.training import trainer_of

    return trainer_of(kws_recipe())


SPEC = ModelSpec(
    name="kws-cnn",
    title="Keyword CNN",
    summary="A small log-mel CNN that hears the keyword of kws, embedded",
    citation="Trained with `awb train` on clip-level labels of the kws dataset; see its card",
    parameters=KwsCnnParameters,
    requires=("torch", "safetensors"),
    factory=_make,
    class_list=_class_list,
    trainable=_trainable,
)
