"""EMO-DB: acted emotions in German by ten speakers; see CARD.md."""

from __future__ import annotations

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec
from awb_datasets.mixing.opening import LabelledParameters, open_recordings, other_mixtures


class EmodbParameters(LabelledParameters):
    """Settings of the dataset."""

    speakers: str | None = Field(None, description="Speakers such as 03+08; by default all.")


def _make(parameters: EmodbParameters) -> Dataset:
    """Read and check the names; audio is read when a clip is loaded."""
    from awb_datasets.emodb.layout import read_collection
    from awb_datasets.mixing.mixtures import Format

    found = read_collection(parameters.root, speakers=parameters.speakers)
    return open_recordings(found, parameters, Format(16_000, 20.0, cut=False))


SPEC = DatasetSpec(
    name="emodb",
    title="EMO-DB",
    summary="EMO-DB: 535 German sentences of seven emotions by ten speakers; mix=true",
    citation=(
        "Burkhardt, F., Paeschke, A., Rolfes, M., Sendlmeier, W. F., & Weiss, B. (2005). A database"
        " of German emotional speech. Interspeech. doi:10.21437/Interspeech.2005-446"
    ),
    parameters=EmodbParameters,
    factory=_make,
    shadow=other_mixtures,
    path_parameter="root",
)
