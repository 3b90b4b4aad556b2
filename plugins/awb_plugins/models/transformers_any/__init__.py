"""``transformers:PATH``: any audio classifier of transformers, by checkpoint. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters
from awb_plugins.models.ast import local_classes
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.settings import BatchSize, Device, MixedPrecision


class TransformersParameters(Parameters):
    """Settings of `transformers`."""

    checkpoint: str = Field(description="Local folder or hub id.")
    revision: str | None = Field(None, description="Commit of a hub id; name one to pin it.")
    download: bool = Field(False, description="Fetch a hub id that is not on this machine.")
    labels: Problem = Field(
        "auto",
        description="multi-label or single-label; auto asks the checkpoint, else AudioSet's classes"
        " are multi-label and others single-label.",
    )
    device: Device = "auto"
    precision: MixedPrecision = "float32"
    batch_size: BatchSize = None


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
