"""Display names of labels."""

from __future__ import annotations

from pathlib import Path

from awb.errors import DataError


def read_names(path: Path) -> dict[str, str]:
    """Read ``mid_to_display_name.tsv``: a machine id and a name per line, no header."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start})") from error
    names: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) != 2 or not all(fields):
            raise DataError(f"{path} line {number}: expected a machine id, a tab and a name")
        mid, name = fields
        if names.setdefault(mid, name) != name:
            raise DataError(f"{path} line {number}: {mid} has two names, {names[mid]} and {name}")
    return names
