"""UrbanSound8K: slices of street recordings in ten folds; see CARD.md."""

from __future__ import annotations

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec
from awb_datasets.mixing.opening import TabledParameters, open_recordings, other_mixtures


class UrbanSound8kParameters(TabledParameters):
    """Settings of the dataset."""

    folds: str | None = Field(None, description="Folds 1 to 10, joined by +; by default all.")
    foreground: bool = Field(False, description="Only slices whose sound is in the foreground.")


def _make(parameters: UrbanSound8kParameters) -> Dataset:
    """Read and check the table; audio is read when a clip is loaded."""
    from awb_datasets.labelled.recordings import divide_by_audio
    from awb_datasets.mixing.mixtures import Format
    from awb_datasets.urbansound8k.layout import TABLE, read_collection

    foreground = parameters.foreground or parameters.mix
    found = read_collection(parameters.root, folds=parameters.folds, foreground=foreground)
    there, absent = divide_by_audio(found, TABLE, skip=parameters.absent == "skip")
    mixed_as = Format(sample_rate_hz=44_100, clip_s=10.0)
    return open_recordings(there, parameters, mixed_as, absent=absent)


SPEC = DatasetSpec(
    name="urbansound8k",
    title="UrbanSound8K",
    summary="UrbanSound8K: 8,732 slices of at most 4 s, ten classes in ten folds; mix=true",
    citation=(
        "Salamon, J., Jacoby, C., & Bello, J. P. (2014). A dataset and taxonomy for urban sound"
        " research. ACM Multimedia. doi:10.1145/2647868.2655045"
    ),
    parameters=UrbanSound8kParameters,
    factory=_make,
    shadow=other_mixtures,
    path_parameter="root",
)
