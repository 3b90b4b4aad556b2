"""Soundscape-ast: a small Audio Spectrogram Transformer, embedded; see CARD.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from awb_plugins.training.embedded import embedded_spec

if TYPE_CHECKING:
    from awb.protocols import AudioModel
    from awb_plugins.training import Recipe

NAME = "soundscape-ast"
EMBEDDED = Path(__file__).with_name("weights.safetensors")


def _load(path: Path) -> AudioModel:
    """Load the model; torch and transformers are imported here."""
    from awb_plugins.models.soundscape_ast.model import SoundscapeAst

    return SoundscapeAst(NAME, path)


def _recipe() -> Recipe:
    """Return how ``awb train`` trains it; torch and transformers are imported here."""
    from awb_plugins.models.soundscape_ast.recipe import recipe

    return recipe()


SPEC = embedded_spec(
    name=NAME,
    title="Soundscape AST",
    summary="A small AST, a transformer, for the classes of soundscapes, embedded",
    citation="Trained with `awb train` on clip-level labels of the soundscapes dataset; see its"
    " card",
    requires=("torch", "safetensors", "transformers"),
    extra="ast",
    embedded=EMBEDDED,
    load=_load,
    recipe=_recipe,
)
