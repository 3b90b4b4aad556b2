"""ESC-50: environmental sounds in five folds; see CARD.md."""

from __future__ import annotations

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec
from awb_datasets.mixing.opening import TabledParameters, open_recordings, other_mixtures


class Esc50Parameters(TabledParameters):
    """Settings of the dataset."""

    folds: str | None = Field(None, description="Folds 1 to 5, joined by +; by default all.")
    esc10: bool = Field(False, description="Only the ten classes of ESC-10.")


def _make(parameters: Esc50Parameters) -> Dataset:
    """Read and check the table; audio is read when a clip is loaded."""
    from awb_datasets.esc50.layout import TABLE, read_collection
    from awb_datasets.labelled.recordings import divide_by_audio
    from awb_datasets.mixing.mixtures import Format

    found = read_collection(parameters.root, folds=parameters.folds, esc10=parameters.esc10)
    there, absent = divide_by_audio(found, TABLE, skip=parameters.absent == "skip")
    mixed_as = Format(sample_rate_hz=44_100, clip_s=10.0)
    return open_recordings(there, parameters, mixed_as, absent=absent)


SPEC = DatasetSpec(
    name="esc50",
    title="ESC-50",
    summary="ESC-50: 2,000 environmental sounds of 5 s, 50 classes in five folds; mix=true",
    citation=(
        "Piczak, K. J. (2015). ESC: Dataset for environmental sound classification. ACM Multimedia."
        " doi:10.1145/2733373.2806390"
    ),
    parameters=Esc50Parameters,
    factory=_make,
    shadow=other_mixtures,
    path_parameter="root",
)
