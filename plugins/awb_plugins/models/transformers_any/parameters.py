"""Settings of transformers_any."""

from __future__ import annotations

from pydantic import Field

from awb.specs import Parameters
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
        " and a single class are multi-label, others single-label.",
    )
    device: Device = "auto"
    precision: MixedPrecision = "float32"
    batch_size: BatchSize = None
