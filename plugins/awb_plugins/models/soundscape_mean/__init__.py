"""Soundscape-mean: soundscape-cnn with the mean over time, which hears durations; see CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters

if TYPE_CHECKING:
    from awb.training import Trainer

NAME = "soundscape-mean"
EMBEDDED = Path(__file__).with_name("weights.safetensors")


class SoundscapeMeanParameters(Parameters):
    """Settings of the embedded model."""

    weights: Path | None = Field(
        None, description="Weights of your own, from `awb train`; embedded ones by default."
    )


def _path(parameters: SoundscapeMeanParameters) -> Path:
    return EMBEDDED if parameters.weights is None else parameters.weights.expanduser()


def _make(parameters: SoundscapeMeanParameters) -> AudioModel:
    """Load the model; torch is imported here."""
    from awb_plugins.models.soundscape_mean.model import SoundscapeMean

    return SoundscapeMean(NAME, _path(parameters))


def _class_list(parameters: SoundscapeMeanParameters) -> tuple[Sequence[str], Sequence[str]]:
    """Read the classes from the header of the weights file."""
    from awb_plugins.training.weights import read_class_list

    found = read_class_list(_path(parameters), NAME)
    return found.names, found.mids


def _recipe(parameters: SoundscapeMeanParameters) -> Trainer:  # noqa: ARG001 - it has no settings
    """Return how ``awb train`` trains it; torch is imported here."""
    from awb_plugins.models.soundscape_mean.recipe import recipe
    from awb_plugins.training import trainer_of

    return trainer_of(recipe())


SPEC = ModelSpec(
    name=NAME,
    title="Soundscape mean",
    summary="Soundscape CNN with the mean over time, which hears durations, embedded",
    citation="Trained with `awb train` on clip-level labels of the soundscapes dataset; see its"
    " card",
    parameters=SoundscapeMeanParameters,
    requires=("torch", "safetensors"),
    factory=_make,
    class_list=_class_list,
    trainable=_recipe,
)
