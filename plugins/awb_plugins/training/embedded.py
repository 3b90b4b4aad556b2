"""Models with embedded weights that ``awb train`` makes, and that take weights of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters
from awb.training import Trainer
from awb_plugins.training.recipe import Recipe


class EmbeddedParameters(Parameters):
    """Settings of a model with embedded weights."""

    weights: Path | None = Field(
        None, description="Weights of your own, from `awb train`; embedded ones by default."
    )


def embedded_spec(
    *,
    name: str,
    summary: str,
    citation: str,
    embedded: Path,
    load: Callable[[Path], AudioModel],
    recipe: Callable[[], Recipe],
    title: str = "",
    requires: tuple[str, ...] = ("torch", "safetensors"),
    extra: str | None = None,
) -> ModelSpec:
    """Make the spec; `load` and `recipe` import what is heavy when they are called."""

    def path_of(parameters: Any) -> Path:
        return embedded if parameters.weights is None else parameters.weights.expanduser()

    def make(parameters: Any) -> AudioModel:
        return load(path_of(parameters))

    def class_list(parameters: Any) -> tuple[Sequence[str], Sequence[str]]:
        from awb_plugins.training.weights import read_class_list

        found = read_class_list(path_of(parameters), name)
        return found.names, found.mids

    def trainable(parameters: Any) -> Trainer:  # noqa: ARG001 - the network has no settings
        from awb_plugins.training.procedure import RecipeTrainer

        return RecipeTrainer(recipe())

    return ModelSpec(
        name=name,
        title=title,
        summary=summary,
        citation=citation,
        parameters=EmbeddedParameters,
        requires=requires,
        extra=extra,
        factory=make,
        class_list=class_list,
        trainable=trainable,
    )
