"""The long table of a run or a sweep: one row per instance, explainer and metric."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any, Literal

from awb.harness.storage.store import ScoreRow
from awb.harness.storage.sweep_folder import SweepFolder
from awb.leaderboard.formats.escaping import csv_text

Format = Literal["csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "json", "parquet")
COLUMNS = tuple(field.name for field in fields(ScoreRow))
PUBLISHED_COLUMNS = (*COLUMNS, "instances")


def _records(rows: Iterable[ScoreRow]) -> list[dict[str, Any]]:
    records = [asdict(row) for row in rows]
    for record in records:
        if math.isnan(record["value"]):
            record["value"] = None
    return records


def write(rows: Iterable[ScoreRow], form: Format) -> bytes:
    """Write the long table; undefined values are empty (CSV) or null, with a reason."""
    return _encoded(_records(rows), COLUMNS, form)


def write_published(rows: Iterable[ScoreRow], kinds: Iterable[str]) -> bytes:
    """Write published scores as Parquet, and what each is of: hits, false alarms or misses."""
    records = _records(rows)
    for record, kind in zip(records, kinds, strict=True):
        record["instances"] = kind
    return _encoded(records, PUBLISHED_COLUMNS, "parquet")


def write_sweep(sweep: SweepFolder, form: Format) -> bytes:
    """Write one long table of all variants."""
    names = list(dict.fromkeys(name for one in sweep.variants for name in one.values))
    records = [
        {
            "variant": variant.name,
            **{name: variant.values.get(name, "") for name in names},
            **record,
        }
        for variant, run in sweep.all_runs()
        for record in _records(run.store().scores())
    ]
    return _encoded(records, ("variant", *names, *COLUMNS), form)


def _encoded(records: list[dict[str, Any]], columns: Sequence[str], form: Format) -> bytes:
    if form == "parquet":
        return _parquet(records, columns)
    if form == "json":
        return (json.dumps(records, indent=1, ensure_ascii=False) + "\n").encode()
    rows = (
        {**record, "value": "" if record["value"] is None else repr(record["value"])}
        for record in records
    )
    return csv_text(rows, columns).encode()


def _parquet(records: list[dict[str, Any]], columns: Sequence[str]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    kinds = [(name, pyarrow.float64() if name == "value" else pyarrow.string()) for name in columns]
    table = pyarrow.Table.from_pylist(records, schema=pyarrow.schema(kinds))
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content
