"""Miniature datasets in the layouts of the Hugging Face Hub."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import soundfile

RATE_HZ = 8000
AUDIO = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])


def sound(length_s: float = 2.0, pitch_hz: float = 500.0, form: str = "WAV") -> bytes:
    """Make a tone as the bytes of a file."""
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    content = BytesIO()
    soundfile.write(content, 0.3 * np.sin(2 * np.pi * pitch_hz * time_s), RATE_HZ, format=form)
    return content.getvalue()


def write_parquet(
    path: Path,
    columns: Mapping[str, Sequence[Any]],
    kinds: Mapping[str, pyarrow.DataType],
    features: Mapping[str, Any] | None = None,
    *,
    row_group: int = 2,
) -> Path:
    """Write a file as the library `datasets` does, with the features in its metadata."""
    schema = pyarrow.schema([(name, kinds[name]) for name in columns])
    if features is not None:
        written = json.dumps({"info": {"features": dict(features)}})
        schema = schema.with_metadata({"huggingface": written})
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pyarrow.Table.from_pydict(dict(columns), schema=schema)
    pyarrow.parquet.write_table(table, path, row_group_size=row_group)
    return path


def audio(*names: str, length_s: float = 2.0) -> list[dict[str, Any]]:
    """Make the values of a column of audio, each tone of a pitch of its own."""
    return [
        {"bytes": sound(length_s, 400 + 100 * number), "path": name}
        for number, name in enumerate(names)
    ]
