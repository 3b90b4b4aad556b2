"""Soundscapes: the embedded dataset, rendered from a seed; see CARD.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters
from awb_datasets.numbering import reseeded


class SoundscapesParameters(Parameters):
    """Settings of the embedded dataset."""

    split: Literal["test", "validation", "train"] = Field(
        "test", description="Part of the data; the model was trained on other scenes."
    )
    clips: int = Field(
        44,
        ge=1,
        description="Number of scenes; scene k is the same whatever their number.",
        json_schema_extra={"former_default": 8},  # which labels of published rows leave out
    )
    seed: int = Field(0, ge=0, description="Another seed gives other scenes.")


def create(parameters: SoundscapesParameters) -> Dataset:
    """Open the dataset; nothing is rendered before a clip is loaded."""
    from awb_datasets.soundscapes.dataset import Soundscapes

    return Soundscapes(parameters.split, parameters.clips, parameters.seed)


SPEC = DatasetSpec(
    name="soundscapes",
    summary="Procedural scenes of 10 s with sixteen AudioSet classes and exact labels, embedded",
    citation="Rendered by awb_datasets.soundscapes; classes from the AudioSet ontology"
    " (Gemmeke et al., 2017, doi:10.1109/ICASSP.2017.7952261)",
    parameters=SoundscapesParameters,
    factory=create,
    shadow=reseeded,
)
