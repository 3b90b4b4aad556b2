"""AudioSet's strongly labelled clips, from the published files; see CARD.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from awb.errors import DataError
from awb.protocols import Dataset
from awb.specs import DatasetSpec
from awb.types import Clip
from awb_datasets.audioset.parameters import AudioSetParameters

if TYPE_CHECKING:
    from awb.data.preparation import Family, Preparation


def _make(parameters: AudioSetParameters) -> Dataset:
    """Open the tables and find the audio; pyarrow is imported here."""
    from awb_datasets.audioset.dataset import AudioSet
    from awb_datasets.audioset.files import AudioFiles
    from awb_datasets.audioset.opening import open_tables, tell_faults

    if parameters.audio is None:
        raise DataError(
            "audioset needs its audio, which nobody may hand on: type --dataset audioset:audio=DIR"
            " with a folder of files named <YouTube id> or <segment_id>"
        )
    tables = open_tables(
        parameters.labels, parameters.ontology, parameters.names, parameters.policy
    )
    files = AudioFiles(parameters.audio, tables.labels.segments)
    tell_faults(tables)
    return AudioSet(tables, files, merge_gap_s=parameters.merge_gap_s)


def _prepare(
    parameters: AudioSetParameters, families: Sequence[Family], max_event_fraction: float
) -> Preparation:
    """Make the tables of instances; pyarrow is imported here."""
    from awb_datasets.audioset.prepare import prepare

    return prepare(parameters, families, max_event_fraction)


def _write(parameters: AudioSetParameters, clips: Iterable[Clip], folder: Path) -> Sequence[str]:
    """Write a miniature AudioSet; soundfile is imported here."""
    from awb_datasets.audioset.write import write_clips

    return write_clips(clips, folder, ontology=parameters.ontology, names=parameters.names)


SPEC = DatasetSpec(
    name="audioset",
    title="AudioSet",
    summary="AudioSet's strongly labelled clips, from the published files and your audio",
    citation=(
        "Hershey, S., et al. (2021). The benefit of temporally-strong labels in audio event"
        " classification. ICASSP. doi:10.1109/ICASSP39728.2021.9414579; Gemmeke, J. F., et al."
        " (2017). Audio Set. ICASSP. doi:10.1109/ICASSP.2017.7952261"
    ),
    parameters=AudioSetParameters,
    factory=_make,
    path_parameter="audio",
    prepare=_prepare,
    write=_write,
)
