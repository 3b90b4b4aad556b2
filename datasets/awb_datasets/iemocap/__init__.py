"""IEMOCAP: emotional dialogues in English by ten actors in five sessions; see CARD.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec
from awb_datasets.mixing.opening import TabledParameters, open_recordings, other_mixtures


class IemocapParameters(TabledParameters):
    """Settings of the dataset."""

    sessions: str | None = Field(None, description="Sessions such as 1+5; by default all.")
    emotions: Literal["four", "all"] = Field(
        "four",
        description="anger, happiness (with excitement), neutral, sadness; or all that were agreed"
        " on.",
    )
    kind: Literal["all", "improvised", "scripted"] = Field(
        "all", description="Improvised or scripted dialogues."
    )


def _make(parameters: IemocapParameters) -> Dataset:
    """Read and check the evaluations; audio is read when a clip is loaded."""
    from awb_datasets.iemocap.layout import read_collection
    from awb_datasets.mixing.mixtures import Format

    found, absent = read_collection(
        parameters.root,
        sessions=parameters.sessions,
        four=parameters.emotions == "four",
        kind=parameters.kind,
        skip=parameters.absent == "skip",
    )
    return open_recordings(found, parameters, Format(16_000, 20.0, cut=False), absent=absent)


SPEC = DatasetSpec(
    name="iemocap",
    title="IEMOCAP",
    summary="IEMOCAP: 5,531 turns of four emotions by ten English speakers; mix=true",
    citation=(
        "Busso, C., et al. (2008). IEMOCAP: interactive emotional dyadic motion capture database."
        " Language Resources and Evaluation 42. doi:10.1007/s10579-008-9076-6"
    ),
    parameters=IemocapParameters,
    factory=_make,
    shadow=other_mixtures,
    path_parameter="root",
)
