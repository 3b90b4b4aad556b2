"""Drums-CRNN: counts the kicks of the dataset `drums`, embedded; see CARD.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from awb_plugins.models.crnn import crnn_spec

if TYPE_CHECKING:
    from awb_plugins.training import Recipe

EMBEDDED = Path(__file__).with_name("weights.safetensors")


def _recipe() -> Recipe:
    """Return how the embedded weights were trained; torch is imported here."""
    from awb_plugins.models.crnn.recipe import crnn_recipe

    return crnn_recipe(epochs=12, patience=6, duration_s=8.0)


SPEC = crnn_spec(
    name="drums-crnn",
    summary="A small CRNN that counts the kicks of drums, embedded",
    citation="Trained with `awb train` on clip-level labels of the drums dataset; see its card."
    " Architecture: Çakır et al. (2017), doi:10.1109/TASLP.2017.2690575",
    embedded=EMBEDDED,
    recipe=_recipe,
)
