"""Your own data: a folder of audio files and a table of events. See CARD.md."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

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


def _make(parameters: FolderParameters) -> Dataset:
    """Open the folder and check its tables."""
    from awb_datasets.folder.dataset import FolderDataset

    return FolderDataset(
        parameters.path.expanduser(),
        audio=parameters.audio,
        tables=[Path(name) for name in parameters.table.split("+")],
        skip_absent=parameters.absent == "skip",
    )


SPEC = DatasetSpec(
    name="folder",
    summary="Your own folder with audio/*.{wav,flac,ogg,mp3} and events.tsv, or DESED's or DCASE's",
    citation=(
        "Event list as in DCASE: Mesaros, A., Heittola, T., & Virtanen, T. (2016). Metrics for"
        " polyphonic sound event detection. Applied Sciences 6(6), 162. doi:10.3390/app6060162"
    ),
    parameters=FolderParameters,
    factory=_make,
    path_parameter="path",
)
