"""Soundata: the loaders of the library soundata as datasets; see CARD.md."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters


class SoundataParameters(Parameters):
    """Settings of the adapter."""

    name: str = Field(description="Name of soundata's loader, such as urbansed.")
    home: Path | None = Field(
        None, description="Folder of the data; by default soundata's own, ~/sound_datasets/NAME."
    )
    version: str = Field("default", description="Version of the data, as soundata names it.")
    index: Path | None = Field(
        None, description="Index of the files; by default the one that soundata downloads."
    )


def _make(parameters: SoundataParameters) -> Dataset:
    """Open the loader; soundata is imported here."""
    from awb_datasets.soundata_adapter.dataset import SoundataDataset

    return SoundataDataset(
        parameters.name, home=parameters.home, version=parameters.version, index=parameters.index
    )


SPEC = DatasetSpec(
    name="soundata",
    summary="Any dataset that the library soundata loads: soundata:NAME",
    citation=(
        "Fuentes, M., et al. (2021). Soundata: A Python library for reproducible use of audio"
        " datasets. arXiv:2109.12690"
    ),
    parameters=SoundataParameters,
    requires=("soundata",),
    extra="soundata",
    factory=_make,
    path_parameter="name",
)
