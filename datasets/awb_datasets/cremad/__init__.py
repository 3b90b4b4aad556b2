"""CREMA-D: twelve sentences in six emotions by 91 English speakers; see CARD.md."""

from __future__ import annotations

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec
from awb_datasets.mixing.opening import LabelledParameters, open_recordings, other_mixtures


class CremadParameters(LabelledParameters):
    """Settings of the dataset."""

    actors: str | None = Field(None, description="Actors such as 1001+1002; by default all.")


def _make(parameters: CremadParameters) -> Dataset:
    """Read and check the names; audio is read when a clip is loaded."""
    from awb_datasets.cremad.layout import read_collection
    from awb_datasets.mixing.mixtures import Format

    found = read_collection(parameters.root, actors=parameters.actors)
    return open_recordings(found, parameters, Format(16_000, 20.0, cut=False))


SPEC = DatasetSpec(
    name="cremad",
    title="CREMA-D",
    summary="CREMA-D: 7,442 English sentences of six emotions by 91 actors; mix=true",
    citation=(
        "Cao, H., Cooper, D. G., Keutmann, M. K., Gur, R. C., Nenkova, A., & Verma, R. (2014)."
        " CREMA-D: crowd-sourced emotional multimodal actors dataset. IEEE Transactions on"
        " Affective Computing 5(4). doi:10.1109/TAFFC.2014.2336244"
    ),
    parameters=CremadParameters,
    factory=_make,
    shadow=other_mixtures,
    path_parameter="root",
)
