"""Settings of ast."""

from __future__ import annotations

from pydantic import Field

from awb.specs import Parameters
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.settings import BatchSize, Device, MixedPrecision

CHECKPOINT = "MIT/ast-finetuned-audioset-10-10-0.4593"


REVISION = "f826b80d28226b62986cc218e5cec390b1096902"


class AstParameters(Parameters):
    """Settings of AST."""

    checkpoint: str = Field(CHECKPOINT, description="Hub id or local folder.")
    revision: str | None = Field(
        None, description="Commit of a hub id; the default checkpoint's is pinned."
    )
    labels: Problem = Field(
        "auto",
        description="multi-label or single-label; auto asks the checkpoint, else AudioSet's classes"
        " and a single class are multi-label, others single-label.",
    )
    device: Device = "auto"
    precision: MixedPrecision = "float32"
    batch_size: BatchSize = None
