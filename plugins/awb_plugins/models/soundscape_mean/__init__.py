"""Soundscape-mean: soundscape-cnn with the mean over time, which hears durations; see CARD.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from awb_plugins.training.embedded import embedded_spec

if TYPE_CHECKING:
    from awb.protocols import AudioModel
    from awb_plugins.training import Recipe

NAME = "soundscape-mean"
EMBEDDED = Path(__file__).with_name("weights.safetensors")


def _load(path: Path) -> AudioModel:
    """Load the model; torch is imported here."""
    from awb_plugins.models.soundscape_mean.model import SoundscapeMean

    return SoundscapeMean(NAME, path)


def _recipe() -> Recipe:
    """Return how ``awb train`` trains it; torch is imported here."""
    from awb_plugins.models.soundscape_mean.recipe import recipe

    return recipe()


SPEC = embedded_spec(
    name=NAME,
    title="Soundscape mean",
    summary="Soundscape CNN with the mean over time, which hears durations, embedded",
    citation="Trained with `awb train` on clip-level labels of the soundscapes dataset; see its"
    " card",
    embedded=EMBEDDED,
    load=_load,
    recipe=_recipe,
)
