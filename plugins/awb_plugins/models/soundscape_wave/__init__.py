"""Soundscape-wave: a small convolutional network on the raw waveform, embedded; see CARD.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from awb_plugins.training.embedded import embedded_spec

if TYPE_CHECKING:
    from awb.protocols import AudioModel
    from awb_plugins.training import Recipe

NAME = "soundscape-wave"
EMBEDDED = Path(__file__).with_name("weights.safetensors")


def _load(path: Path) -> AudioModel:
    """Load the model; torch is imported here."""
    from awb_plugins.models.soundscape_wave.model import SoundscapeWave

    return SoundscapeWave(NAME, path)


def _recipe() -> Recipe:
    """Return how ``awb train`` trains it; torch is imported here."""
    from awb_plugins.models.soundscape_wave.recipe import recipe

    return recipe()


SPEC = embedded_spec(
    name=NAME,
    title="Soundscape wave",
    summary="A small CNN on raw waveforms for the classes of soundscapes, embedded",
    citation="Trained with `awb train` on clip-level labels of the soundscapes dataset; see its"
    " card",
    embedded=EMBEDDED,
    load=_load,
    recipe=_recipe,
)
