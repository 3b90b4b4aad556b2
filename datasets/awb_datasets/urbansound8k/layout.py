"""The published layout: ``metadata/UrbanSound8K.csv`` and ``audio/fold1`` to ``audio/fold10``."""

from __future__ import annotations

import re
from pathlib import Path

from awb_datasets.labelled.recordings import (
    Recording,
    choose_groups,
    require_whole_sources,
)
from awb_datasets.labelled.tables import Row, read_rows, require_folder

TABLE = "metadata/UrbanSound8K.csv"
LAYOUT = "expected metadata/UrbanSound8K.csv and audio/fold1 to audio/fold10"
FOLDS = range(1, 11)
CLASSES = (
    "air_conditioner",
    "car_horn",
    "children_playing",
    "dog_bark",
    "drilling",
    "engine_idling",
    "gun_shot",
    "jackhammer",
    "siren",
    "street_music",
)
"""Classes by their ``classID``."""

_FOREGROUND = 1
_COLUMNS = ("slice_file_name", "fsID", "start", "end", "salience", "fold", "classID", "class")
_NAME = re.compile(r"(\d+)-(\d)-(\d+)-(\d+)\.wav")


def read_collection(
    root: Path, *, folds: str | None = None, foreground: bool = False
) -> list[Recording]:
    """Read the table and check it against the names of the files."""
    folder = require_folder(root, TABLE, "urbansound8k:root=DIR", LAYOUT)
    rows = read_rows(folder / TABLE, _COLUMNS)
    recordings = [_recording(row, folder) for row in rows]
    require_whole_sources(
        ((row["fsID"], one.group) for row, one in zip(rows, recordings, strict=True)), TABLE
    )
    salience = {
        one.id: row.number("salience", range(1, 3))
        for row, one in zip(rows, recordings, strict=True)
    }
    chosen = choose_groups(recordings, folds, {str(one): f"fold-{one}" for one in FOLDS}, "fold")
    return [one for one in chosen if not foreground or salience[one.id] == _FOREGROUND]


def _recording(row: Row, folder: Path) -> Recording:
    fold, number = row.number("fold", FOLDS), row.number("classID", range(len(CLASSES)))
    name, label = row["slice_file_name"], row["class"]
    match = _NAME.fullmatch(name)
    if match is None or match.groups()[:2] != (row["fsID"], str(number)):
        raise row.fault(
            f"the name {name!r} does not say what the row does; expected"
            f" {row['fsID']}-{number}-{{occurrence}}-{{slice}}.wav"
        )
    if label != CLASSES[number]:
        raise row.fault(f"class {label!r} is not that of classID {number}, {CLASSES[number]!r}")
    return Recording(name, folder / "audio" / f"fold{fold}" / name, label, f"fold-{fold}")
