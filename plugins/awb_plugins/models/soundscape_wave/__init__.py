"""Soundscape-wave: a small convolutional network on the raw waveform, embedded; see CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters

if TYPE_CHECKING:
    from awb.training import Trainer

NAME = "soundscape-wave"
EMBEDDED = Path(__file__).with_name("weights.safetensors")


class SoundscapeWaveParameters(Parameters):
    """Settings of the embedded model."""

    weights: Path | None = Field(
        None, description="Weights of your own, from `awb train`; embedded ones by default."
    )


def _path(parameters: SoundscapeWaveParameters) -> Path:
    return EMBEDDED if parameters.weights is None else parameters.weights.expanduser()


def _make(parameters: SoundscapeWaveParameters) -> AudioModel:
    """Load the model; torch is imported here."""
    from awb_plugins.models.soundscape_wave.model import SoundscapeWave

    return SoundscapeWave(NAME, _path(parameters))


def _class_list(parameters: SoundscapeWaveParameters) -> tuple[Sequence[str], Sequence[str]]:
    """Read the classes from the header of the weights file."""
    from awb_plugins.training.weights import read_class_list

    found = read_class_list(_path(parameters), NAME)
    return found.names, found.mids


def _recipe(parameters: SoundscapeWaveParameters) -> Trainer:  # noqa: ARG001 - it has no settings
    """Return how ``awb train`` trains it; torch is imported here."""
    from awb_plugins.models.soundscape_wave.recipe import recipe
    from awb_plugins.training import trainer_of

    return trainer_of(recipe())


SPEC = ModelSpec(
    name=NAME,
    title="Soundscape wave",
    summary="A small CNN on raw waveforms for the classes of soundscapes, embedded",
    citation="Trained with `awb train` on clip-level labels of the soundscapes dataset; see its"
    " card",
    parameters=SoundscapeWaveParameters,
    requires=("torch", "safetensors"),
    factory=_make,
    class_list=_class_list,
    trainable=_recipe,
)
