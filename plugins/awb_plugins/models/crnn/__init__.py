"""A small convolutional recurrent network on log-mel frames, shared by several embedded models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from awb.specs import ModelSpec
from awb_plugins.training.embedded import embedded_spec

if TYPE_CHECKING:
    from awb.protocols import AudioModel
    from awb_plugins.training import Recipe


def crnn_spec(
    *, name: str, summary: str, citation: str, embedded: Path, recipe: Callable[[], Recipe]
) -> ModelSpec:
    """Make the spec of a model that is a `Crnn` with its own weights."""

    def load(path: Path) -> AudioModel:
        from awb_plugins.models.crnn.model import CrnnModel

        return CrnnModel(name, path)

    return embedded_spec(
        name=name,
        summary=summary,
        citation=citation,
        embedded=embedded,
        load=load,
        recipe=recipe,
    )
