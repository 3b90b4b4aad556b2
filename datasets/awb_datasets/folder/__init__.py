"""Your own data: a folder of audio files and a table of events. See CARD.md."""

from __future__ import annotations

from pathlib import Path

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters


class FolderParameters(Parameters):
    """Settings of the dataset.

    Attributes
    ----------
    path : Path
        The folder that holds ``audio/`` and ``events.tsv``.
    """

    path: Path


def _make(parameters: FolderParameters) -> Dataset:
    """Open the folder and check its table of events."""
    from awb_datasets.folder.dataset import FolderDataset

    return FolderDataset(parameters.path.expanduser())


SPEC = DatasetSpec(
    name="folder",
    summary="Your own folder with audio/*.{wav,flac,ogg,mp3} and events.tsv",
    citation=(
        "Event list as in DCASE: Mesaros, A., Heittola, T., & Virtanen, T. (2016). Metrics for"
        " polyphonic sound event detection. Applied Sciences 6(6), 162. doi:10.3390/app6060162"
    ),
    parameters=FolderParameters,
    factory=_make,
    path_parameter="path",
)
