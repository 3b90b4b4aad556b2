"""audb: databases of the library audb as datasets; see CARD.md."""

from __future__ import annotations

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters


class AudbParameters(Parameters):
    """Settings of the adapter."""

    name: str = Field(description="Name of the database, such as emodb.")
    version: str = Field("", description="Its version; without one, awb says which is the latest.")
    table: str = Field("", description="Table of the labels, where there are several.")
    column: str = Field("", description="Its column of the labels, where there are several.")
    group: str = Field("", description="Column of groups that no split may cut, such as speaker.")


def _make(parameters: AudbParameters) -> Dataset:
    """Open the database; audb is imported here."""
    from awb_datasets.audb_adapter.dataset import AudbDataset

    return AudbDataset(
        parameters.name,
        parameters.version,
        table=parameters.table,
        column=parameters.column,
        group=parameters.group,
    )


SPEC = DatasetSpec(
    name="audb",
    summary="Any database that the library audb loads: audb:NAME",
    citation=(
        "Wagner, J., Wierstorf, H., Burkhardt, F., et al. audb: Manage audio and annotated"
        " databases. https://audeering.github.io/audb"
    ),
    parameters=AudbParameters,
    requires=("audb",),
    extra="audb",
    factory=_make,
    path_parameter="name",
)
