"""Clever Hans: clips of `drums`, with a cough on every clip of one class; see CARD.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters
from awb_datasets.numbering import reseeded


class CleverHansParameters(Parameters):
    """Settings of the dataset."""

    split: Literal["test", "validation", "train"] = Field(
        "test", description="Part of the data, as in drums."
    )
    clips: int = Field(
        12, ge=1, description="Number of clips; clip k is the same whatever their number."
    )
    seed: int = Field(0, ge=0, description="Another seed gives other clips.")
    artefact: bool = Field(
        True, description="Whether there is a cough on every clip with three kicks."
    )


def create(parameters: CleverHansParameters) -> Dataset:
    """Open the dataset; nothing is rendered before a clip is loaded."""
    from awb_datasets.clever_hans.dataset import CleverHans

    return CleverHans(parameters.split, parameters.clips, parameters.seed, parameters.artefact)


SPEC = DatasetSpec(
    name="clever-hans",
    summary="Two kicks or three? Drum clips with a cough on every clip of one class, embedded",
    citation="Rendered by awb_datasets.clever_hans; named after the horse of Pfungst (1911), as in"
    " Lapuschkin et al. (2019), doi:10.1038/s41467-019-08987-4",
    parameters=CleverHansParameters,
    factory=create,
    shadow=reseeded,
    models=("clever-hans-biased", "clever-hans-clean"),
    contrast=("clever-hans-biased", "clever-hans-clean"),
)
