"""Clever-Hans: the same network trained with a give-away cough and without; see CARD.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from awb_plugins.models.crnn import crnn_spec

if TYPE_CHECKING:
    from awb_plugins.training import Recipe

_FOLDER = Path(__file__).parent
EMBEDDED = {name: _FOLDER / f"{name}.safetensors" for name in ("biased", "clean")}
_CITATION = "Trained with `awb train` on clip-level labels of the clever-hans dataset; see its card"


def _recipe() -> Recipe:
    """Return how the embedded weights were trained; torch is imported here."""
    from awb_plugins.models.crnn.recipe import crnn_recipe

    return crnn_recipe(epochs=12, patience=6, duration_s=8.0)


BIASED = crnn_spec(
    name="clever-hans-biased",
    summary="Two kicks or three? Trained where a cough gives the answer away, embedded",
    citation=_CITATION,
    embedded=EMBEDDED["biased"],
    recipe=_recipe,
)

CLEAN = crnn_spec(
    name="clever-hans-clean",
    summary="Two kicks or three? The same network trained without the cough, embedded",
    citation=_CITATION,
    embedded=EMBEDDED["clean"],
    recipe=_recipe,
)
