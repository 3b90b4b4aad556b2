"""Settings of Cnn14."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from awb.specs import Parameters
from awb_plugins.models.settings import BatchSize, Device


class Cnn14Parameters(Parameters):
    """Settings of Cnn14."""

    path: Path | None = Field(
        None, description="Cnn14_mAP=0.431.pth, or a checkpoint in its layout; else the download."
    )
    head: Path | None = Field(
        None, description="Transfer head (safetensors) in place of the AudioSet layer."
    )
    front: Literal["mel", "stft"] = Field(
        "mel", description="What explainers see: 64 log-mel bins, or the power of 513 STFT bins."
    )
    device: Device = "auto"
    batch_size: BatchSize = None
