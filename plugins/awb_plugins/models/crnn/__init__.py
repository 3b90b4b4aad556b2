"""A small convolutional recurrent network on log-mel frames, shared by several embedded models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters

if TYPE_CHECKING:
    from awb.training import Trainer
    from awb_plugins.training import Recipe


class CrnnParameters(Parameters):
    """Settings of a model with embedded weights."""

    weights: Path | None = Field(
        None, description="Weights of your own, from `awb train`; embedded ones by default."
    )


def crnn_spec(
    *, name: str, summary: str, citation: str, embedded: Path, recipe: Callable[[], Recipe]
) -> ModelSpec:
    """Make the spec of a model that is a `Crnn` with its own weights."""

    def path_of(parameters: Any) -> Path:
        return embedded if parameters.weights is None else parameters.weights.expanduser()

    def make(parameters: Any) -> AudioModel:
        from awb_plugins.models.crnn.model import CrnnModel

        return CrnnModel(name, path_of(parameters))

    def class_list(parameters: Any) -> tuple[Sequence[str], Sequence[str]]:
        from awb_plugins.training.weights import read_class_list

        found = read_class_list(path_of(parameters), name)
        return found.names, found.mids

    def trainable(parameters: Any) -> Trainer:  # noqa: ARG001 - the network has no settings
        from awb_plugins.training import trainer_of

        return trainer_of(recipe())

    return ModelSpec(
        name=name,
        summary=summary,
        citation=citation,
        parameters=CrnnParameters,
        requires=("torch", "safetensors"),
        factory=make,
        class_list=class_list,
        trainable=trainable,
    )
