"""The published layout: ``meta/esc50.csv`` and ``audio/{fold}-{source}-{take}-{target}.wav``."""

from __future__ import annotations

import re
from pathlib import Path

from awb_datasets.labelled.recordings import (
    Recording,
    choose_groups,
    require_whole_sources,
)
from awb_datasets.labelled.tables import Row, read_rows, require_folder

TABLE = "meta/esc50.csv"
LAYOUT = "expected meta/esc50.csv and audio/*.wav, as in the repository karolpiczak/ESC-50"
FOLDS, TARGETS = range(1, 6), range(50)

_COLUMNS = ("filename", "fold", "target", "category", "esc10", "src_file", "take")
_NAME = re.compile(r"(\d)-(\d+)-([A-Z])-(\d+)\.wav")


def read_collection(
    root: Path, *, folds: str | None = None, esc10: bool = False
) -> list[Recording]:
    """Read the table and check it against the names of the files."""
    folder = require_folder(root, TABLE, "esc50:root=DIR", LAYOUT)
    table = folder / TABLE
    rows = read_rows(table, _COLUMNS)
    recordings = [_recording(row, folder) for row in rows]
    require_whole_sources(
        ((row["src_file"], one.group) for row, one in zip(rows, recordings, strict=True)), TABLE
    )
    kept = {row["filename"] for row in rows if row["esc10"] == "True"} if esc10 else None
    chosen = choose_groups(recordings, folds, {str(one): f"fold-{one}" for one in FOLDS}, "fold")
    return [one for one in chosen if kept is None or one.id in kept]


def _recording(row: Row, folder: Path) -> Recording:
    fold, target = row.number("fold", FOLDS), row.number("target", TARGETS)
    name = row["filename"]
    match = _NAME.fullmatch(name)
    told = (str(fold), row["src_file"], row["take"], str(target))
    if match is None or match.groups() != told:
        raise row.fault(
            f"the name {name!r} does not say what the row does; expected {'-'.join(told)}.wav"
        )
    if row["esc10"] not in ("True", "False"):
        raise row.fault(f"esc10 must be True or False, got {row['esc10']!r}")
    return Recording(name, folder / "audio" / name, row["category"], f"fold-{fold}")
