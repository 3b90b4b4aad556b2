"""Datasets of the Hugging Face Hub, or in its layout on disk: Parquet files; see CARD.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters


class HubParameters(Parameters):
    """Settings of the dataset."""

    name: str = Field(description="OWNER/NAME on the Hub, or a folder of Parquet files.")
    revision: str = Field(
        "", description="Commit of the Hub's repository, 40 hexadecimal digits; none for a folder."
    )
    config: str = Field("", description="Part of the dataset, where it has several.")
    split: str = Field("", description="Split, where there are several: test, train, ...")
    audio: str = Field("", description="Column of the audio, where there are several.")
    columns: str = Field(
        "",
        description="Columns of the labels, where names tell too little:"
        " onset:COLUMN+offset:COLUMN+label:COLUMN; onset:COLUMN for a list of pairs.",
    )
    rows: Literal["", "clips", "events"] = Field(
        "",
        description="Where rows have the same audio file: whether each is a clip of its own or one"
        " event of it.",
    )
    group: str = Field("", description="Column of groups that no split may cut, such as speakers.")


def _make(parameters: HubParameters) -> Dataset:
    """Open the dataset and read its labels; huggingface_hub is imported here."""
    from awb.data.annotations.columns import parse_columns
    from awb_datasets.hugging_face.dataset import Chosen, HubDataset
    from awb_datasets.hugging_face.files import open_files

    chosen = Chosen(
        parameters.audio, parse_columns(parameters.columns), parameters.rows, parameters.group
    )
    files = open_files(parameters.name, parameters.revision)
    return HubDataset(files, parameters.config, parameters.split, chosen)


SPEC = DatasetSpec(
    name="hf",
    title="Hugging Face",
    summary="Any Parquet dataset with audio of the Hugging Face Hub: hf:OWNER/NAME",
    citation=(
        "Lhoest, Q., et al. (2021). Datasets: A community library for natural language processing."
        " EMNLP: System demonstrations, 175-184. doi:10.18653/v1/2021.emnlp-demo.21"
    ),
    parameters=HubParameters,
    requires=("huggingface_hub",),
    extra="hub",
    factory=_make,
    path_parameter="name",
)
