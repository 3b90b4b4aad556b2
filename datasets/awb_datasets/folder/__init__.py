"""Your own data: a folder of audio files and a table of events. See CARD.md."""

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

    path: Path = Field(description="The folder of the dataset.")
    audio: Path = Field(Path("audio"), description="Folder of the audio, relative to it.")
    table: str = Field(
        "events.tsv",
        description="Table of events or clip-level labels, relative to it; several joined by +.",
    )
    absent: Literal["refuse", "skip"] = Field(
        "refuse", description="What to do where a table names a file that is not there."
    )
    attributes: Path | None = Field(
        None, description="Table of what is known of each clip or speaker (sex, age), relative."
    )
    group: str | None = Field(None, description="Its column of groups that no split may cut.")

    @property
    def is_default(self) -> bool:
        """Whether neither the audio nor a table of events was named."""
        given = (self.audio, self.table) != (Path("audio"), "events.tsv")
        return not given and not (self.path.expanduser() / self.table).exists()


def _make(parameters: FolderParameters) -> Dataset:
    """Open the folder and check its tables."""
    from awb_datasets.folder.class_folders import ClassFolders, is_class_per_folder

    if parameters.is_default and is_class_per_folder(parameters.path.expanduser()):
        return _described(parameters, ClassFolders(parameters.path.expanduser()), search=True)
    from awb_datasets.folder.dataset import FolderDataset

    dataset = FolderDataset(
        parameters.path.expanduser(),
        audio=parameters.audio,
        tables=[Path(name) for name in parameters.table.split("+")],
        skip_absent=parameters.absent == "skip",
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


SPEC = DatasetSpec(
    name="folder",
    summary="Your own folder: audio/ and events.tsv, DESED's or DCASE's, or one folder per class",
    citation=(
        "Event list as in DCASE: Mesaros, A., Heittola, T., & Virtanen, T. (2016). Metrics for"
        " polyphonic sound event detection. Applied Sciences 6(6), 162. doi:10.3390/app6060162"
    ),
    parameters=FolderParameters,
    factory=_make,
    path_parameter="path",
)
