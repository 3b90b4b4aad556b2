"""Settings of wav2vec2."""

from __future__ import annotations

from pydantic import Field

from awb.specs import Parameters
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.settings import BatchSize, Device, MixedPrecision


class Wav2Vec2Parameters(Parameters):
    """Settings of wav2vec 2.0."""

    checkpoint: str = Field(description="Hub id or local folder.")
    revision: str | None = Field(None, description="Commit of a hub id; name one to pin it.")
    labels: Problem = Field(
        "auto",
        description="multi-label or single-label; auto asks the checkpoint, else AudioSet's classes"
        " and a single class are multi-label, others single-label.",
    )
    device: Device = "auto"
    precision: MixedPrecision = "float32"
    batch_size: BatchSize = None
