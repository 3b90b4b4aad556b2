"""Soundscape-ast: a small Audio Spectrogram Transformer, embedded; see CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters

if TYPE_CHECKING:
    from awb.training import Trainer

NAME = "soundscape-ast"
EMBEDDED = Path(__file__).with_name("weights.safetensors")


class SoundscapeAstParameters(Parameters):
    """Settings of the embedded model."""

    weights: Path | None = Field(
        None, description="Weights of your own, from `awb train`; embedded ones by default."
    )


def _path(parameters: SoundscapeAstParameters) -> Path:
    return EMBEDDED if parameters.weights is None else parameters.weights.expanduser()


def _make(parameters: SoundscapeAstParameters) -> AudioModel:
    """Load the model; torch and transformers are imported here."""
    from awb_plugins.models.soundscape_ast.model import SoundscapeAst

    return SoundscapeAst(NAME, _path(parameters))


def _class_list(parameters: SoundscapeAstParameters) -> tuple[Sequence[str], Sequence[str]]:
    """Read the classes from the header of the weights file."""
    from awb_plugins.training.weights import read_class_list

    found = read_class_list(_path(parameters), NAME)
    return found.names, found.mids


def _recipe(parameters: SoundscapeAstParameters) -> Trainer:  # noqa: ARG001 - it has no settings
    """Return how ``awb train`` trains it; torch and transformers are imported here."""
    from awb_plugins.models.soundscape_ast.recipe import recipe
    from awb_plugins.training import trainer_of

    return trainer_of(recipe())


SPEC = ModelSpec(
    name=NAME,
    title="Soundscape AST",
    summary="A small AST, a transformer, for the classes of soundscapes, embedded",
    citation="Trained with `awb train` on clip-level labels of the soundscapes dataset; see its"
    " card",
    parameters=SoundscapeAstParameters,
    requires=("torch", "safetensors", "transformers"),
    extra="ast",
    factory=_make,
    class_list=_class_list,
    trainable=_recipe,
)
