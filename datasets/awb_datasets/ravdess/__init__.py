"""RAVDESS: acted emotions by 24 actors; see CARD.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec
from awb_datasets.mixing.opening import LabelledParameters, open_recordings, other_mixtures


class RavdessParameters(LabelledParameters):
    """Settings of the dataset."""

    actors: str | None = Field(None, description="Actors 1 to 24, joined by +; by default all.")
    channel: Literal["speech", "song"] = Field("speech", description="What the actors do.")


def _make(parameters: RavdessParameters) -> Dataset:
    """Read and check the names; audio is read when a clip is loaded."""
    from awb_datasets.mixing.mixtures import Format
    from awb_datasets.ravdess.layout import read_collection

    found = read_collection(parameters.root, actors=parameters.actors, channel=parameters.channel)
    return open_recordings(found, parameters, Format(48_000, 20.0, cut=False))


SPEC = DatasetSpec(
    name="ravdess",
    title="RAVDESS",
    summary="RAVDESS: 1,440 spoken sentences of eight emotions by 24 actors; mix=true",
    citation=(
        "Livingstone, S. R., & Russo, F. A. (2018). The Ryerson audio-visual database of emotional"
        " speech and song (RAVDESS). PLoS ONE 13(5). doi:10.1371/journal.pone.0196391"
    ),
    parameters=RavdessParameters,
    factory=_make,
    shadow=other_mixtures,
    path_parameter="root",
)
