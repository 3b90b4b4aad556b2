"""``transformers:PATH``: any audio classifier of transformers, by checkpoint. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence

from awb.protocols import AudioModel
from awb.specs import ModelSpec
from awb_plugins.models.checkpoints import local_classes
from awb_plugins.models.transformers_any.parameters import TransformersParameters


def _class_list(parameters: TransformersParameters) -> tuple[Sequence[str], Sequence[str]] | None:
    """Return the classes of a local folder without its weights."""
    return local_classes(parameters.checkpoint)


def _make(parameters: TransformersParameters) -> AudioModel:
    """Load the checkpoint; torch and transformers are imported here."""
    from awb_plugins.models.transformers_any.loading import load

    return load(parameters)


SPEC = ModelSpec(
    name="transformers",
    summary="Any audio classifier of transformers: transformers:FOLDER or transformers:owner/name",
    citation=(
        "Wolf, T., et al. (2020). Transformers: State-of-the-art natural language processing."
        " EMNLP: System Demonstrations. doi:10.18653/v1/2020.emnlp-demos.6; and of the checkpoint"
    ),
    parameters=TransformersParameters,
    requires=("transformers",),
    extra="ast",
    factory=_make,
    class_list=_class_list,
    path_parameter="checkpoint",
)
