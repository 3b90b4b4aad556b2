"""Drums: ten hits in a row, of which none to five are kicks; see CARD.md."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters
from awb_datasets.numbering import reseeded


class DrumsParameters(Parameters):
    """Settings of the dataset."""

    split: Literal["test", "validation", "train"] = Field(
        "test", description="Part of the data; each part has hits of its own."
    )
    clips: int = Field(
        12, ge=1, description="Number of clips; clip k is the same whatever their number."
    )
    seed: int = Field(0, ge=0, description="Another seed gives other clips.")
    kit: Path | None = Field(
        None,
        description="Folder of real one-shots, kick/ snare/ toms/ overheads/; else synthesized.",
    )


def create(parameters: DrumsParameters) -> Dataset:
    """Open the dataset; nothing is rendered before a clip is loaded."""
    from awb_datasets.drums.dataset import Drums
    from awb_datasets.drums.kit import read_kit

    kit = None if parameters.kit is None else read_kit(parameters.kit.expanduser())
    return Drums(parameters.split, parameters.clips, parameters.seed, kit)


SPEC = DatasetSpec(
    name="drums",
    summary="Ten drum hits in a row: how many of them are kicks? Embedded, or your own kit",
    citation="After the drum benchmark of Bolaños et al. (2025), arXiv:2506.04391;"
    " rendered by awb_datasets.drums",
    parameters=DrumsParameters,
    factory=create,
    shadow=reseeded,
    models=("drums-crnn",),
)
