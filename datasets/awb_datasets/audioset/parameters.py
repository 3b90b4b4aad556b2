"""Settings of the dataset; see CARD.md for the policies."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from awb.specs import Parameters


class AudioSetParameters(Parameters):
    """Settings of the dataset; see CARD.md for the policies."""

    labels: Path | None = Field(
        None, description="The strong labels (TSV); without it, the official evaluation set."
    )
    ontology: Path | None = Field(
        None, description="The ontology (JSON); without it, the official one."
    )
    names: Path | None = Field(
        None, description="Display names (TSV); without it, mid_to_display_name.tsv by the labels."
    )
    audio: Path | None = Field(
        None, description="Folder of audio named <YouTube id> or <segment_id>."
    )
    policy: Literal["positive", "father", "closure"] = Field(
        "positive", description="Whose events count for a target."
    )
    merge_gap_s: float = Field(
        0.1, ge=0, description="Gaps of at most this many seconds between events are closed."
    )
