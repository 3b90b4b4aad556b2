"""Kws-CNN: is the keyword spoken? The embedded model of the dataset `kws`; see CARD.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from awb_plugins.training.embedded import embedded_spec

if TYPE_CHECKING:
    from awb.protocols import AudioModel
    from awb_plugins.training import Recipe

EMBEDDED = Path(__file__).with_name("weights.safetensors")


def _load(path: Path) -> AudioModel:
    """Load the model; torch is imported here."""
    from awb_plugins.models.kws_cnn.model import KwsCnn

    return KwsCnn(path)


def _recipe() -> Recipe:
    """Return how ``awb train`` trains it; torch is imported here."""
    from awb_plugins.models.kws_cnn.recipe import kws_recipe

    return kws_recipe()


SPEC = embedded_spec(
    name="kws-cnn",
    title="Keyword CNN",
    summary="A small log-mel CNN that hears the keyword of kws, embedded",
    citation="Trained with `awb train` on clip-level labels of the kws dataset; see its card",
    embedded=EMBEDDED,
    load=_load,
    recipe=_recipe,
)
