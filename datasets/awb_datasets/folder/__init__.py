"""Your own data: a folder of audio files and labels in any common format. See CARD.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from awb.errors import ParameterError
from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters


class FolderParameters(Parameters):
    """Settings of the dataset."""

    path: Path = Field(description="The folder of the dataset, or one recording.")
    audio: Path = Field(
        Path("audio"), description="Folder of the audio, relative to it; without one, it itself."
    )
    table: str = Field(
        "",
        description="Files of labels, relative to it: a file, a folder or a pattern such as"
        " *.TextGrid; several joined by +. Empty: events.tsv, else those beside the clips, else the"
        " only one.",
        json_schema_extra={"former_default": "events.tsv"},
    )
    columns: str = Field(
        "",
        description="Columns of a table, where names tell too little: onset:COLUMN+offset:COLUMN",
    )
    label: str = Field("", description="Class of labels that have no text.")
    tier: str = Field("", description="Tier of TextGrids; empty for all.")
    window_s: float = Field(
        0.0, ge=0, description="Cut longer recordings into windows of this length; 0 for none."
    )
    overlap_s: float = Field(
        0.0, ge=0, description="How much of a window the next one has too, in seconds."
    )
    events_only: bool = Field(
        False, description="Only windows around events, instead of windows one after the other."
    )
    absent: Literal["refuse", "skip"] = Field(
        "skip",
        description="What to do where labels name a file that is not there.",
        json_schema_extra={"former_default": "refuse"},
    )
    attributes: Path | None = Field(
        None, description="Table of what is known of each clip or speaker (sex, age), relative."
    )
    group: str | None = Field(None, description="Its column of groups that no split may cut.")

    @property
    def is_default(self) -> bool:
        """Whether neither the audio nor a table of events was named."""
        return self.audio == Path("audio") and not self.table


def _make(parameters: FolderParameters) -> Dataset:
    """Open the folder and read its labels."""
    from awb.data.annotations.columns import parse_columns
    from awb.data.annotations.rows import Choices
    from awb_datasets.folder.class_folders import ClassFolders, is_class_per_folder
    from awb_datasets.folder.label_files import has_label_files

    folder = parameters.path.expanduser()
    choices = Choices(parse_columns(parameters.columns), parameters.label, parameters.tier)
    by_class = parameters.is_default and is_class_per_folder(folder)
    if by_class and not has_label_files(folder, choices):
        return _described(parameters, ClassFolders(folder), search=True)
    from awb_datasets.folder.dataset import FolderDataset

    dataset = FolderDataset(
        folder,
        audio=parameters.audio,
        tables=_tables(parameters.table),
        choices=choices,
        skip_absent=parameters.absent == "skip",
        window_s=parameters.window_s,
        overlap_s=parameters.overlap_s,
        events_only=parameters.events_only,
    )
    return _described(parameters, dataset)


def _described(parameters: FolderParameters, dataset: Dataset, *, search: bool = False) -> Dataset:
    """Add what a table says of the clips."""
    from awb_datasets.folder.attributes import (
        Attributes,
        WithAttributes,
        find_table,
        read_attributes,
    )

    folder, given = parameters.path.expanduser(), parameters.attributes
    if given is None:
        table, notes = find_table(folder, dataset.clip_ids()) if search else (None, ())
    else:
        table, notes = folder / given.expanduser(), ()
    if table is None:
        if parameters.group is not None:
            raise ParameterError(f"group={parameters.group} needs a table: add attributes=FILE")
        return WithAttributes(dataset, Attributes(notes=notes)) if notes else dataset
    found = read_attributes(table, dataset.clip_ids(), parameters.group)
    return WithAttributes(dataset, replace(found, notes=(*found.notes, *notes)))


def _tables(text: str) -> list[str]:
    """Split names of files of labels; a file whose own name has a plus sign is one."""
    return [text] if Path(text).is_file() else [name for name in text.split("+") if name]


SPEC = DatasetSpec(
    name="folder",
    summary="Your own recordings with labels of Raven, Audacity, Praat, JAMS, DCASE or BirdNET",
    citation=(
        "Event list as in DCASE: Mesaros, A., Heittola, T., & Virtanen, T. (2016). Metrics for"
        " polyphonic sound event detection. Applied Sciences 6(6), 162. doi:10.3390/app6060162"
    ),
    parameters=FolderParameters,
    factory=_make,
    path_parameter="path",
)
