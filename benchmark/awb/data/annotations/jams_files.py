"""JAMS, scaper's included: JSON that is read here, since the library loads pandas and more.

The tests read every file with the library ``jams`` too.

References
----------
Humphrey, E. J., Salamon, J., Nieto, O., Forsyth, J., Bittner, R. M., & Bello, J. P. (2014). JAMS: a
JSON annotated music specification for reproducible MIR research. ISMIR.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from awb.data.annotations.rows import UNREADABLE, Fault, Format, LabelFile, LabelRow, Source
from awb.errors import LabelError

_WHOLE_S = 0.001


def is_jams(source: Source) -> bool:
    """Tell whether a file is JSON with annotations."""
    return source.text.lstrip().startswith("{") and '"annotations"' in source.text


def read_jams(source: Source) -> LabelFile:
    """Read what has a label and a time; a tag of the whole file is a clip-level label.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    LabelFile
        Events and clip-level labels; scaper's background is not an event.

    Raises
    ------
    LabelError
        If it is not JSON, or not JAMS.
    """
    try:
        content = json.loads(source.text)
        annotations = list(content["annotations"])
        about = content.get("file_metadata") or {}
        whole_s = float(about.get("duration") or 0.0)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise LabelError(f"cannot be read as JAMS ({error})") from error
    rows: list[LabelRow] = []
    faults: list[Fault] = []
    for place, annotation in enumerate(annotations, 1):
        namespace = str(annotation.get("namespace", ""))
        for index, datum in enumerate(_data(annotation), 1):
            where = f"annotation {place} ({namespace}), {index}"
            try:
                row = _row(where, namespace, datum, whole_s)
            except (LookupError, TypeError, ValueError) as error:
                faults.append(Fault(where, UNREADABLE, f"no label with times ({error})"))
                continue
            rows += [row] if row else []
    return LabelFile(source.path, "JAMS", tuple(rows), tuple(faults))


def _data(annotation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Iterate over observations, which dense namespaces keep by column."""
    data = annotation.get("data") or []
    if isinstance(data, dict):
        keys = list(data)
        yield from (dict(zip(keys, row, strict=False)) for row in zip(*data.values(), strict=False))
    else:
        yield from data


def _row(where: str, namespace: str, datum: Mapping[str, Any], whole_s: float) -> LabelRow | None:
    """Read an observation; None for a background."""
    value = datum["value"]
    if isinstance(value, dict):
        if value.get("role") == "background":
            return None
        value = value["label"]
    if not isinstance(value, str):
        raise ValueError(f"its value is {value!r}")
    onset_s, length_s = float(datum["time"]), float(datum["duration"] or 0.0)
    is_whole = length_s == 0 or (whole_s > 0 and length_s >= whole_s - _WHOLE_S)
    if namespace.startswith("tag_") and onset_s == 0 and is_whole:
        return LabelRow(where, (value,))
    return LabelRow(where, (value,), "", onset_s, onset_s + length_s)


JAMS = Format("JAMS", is_jams, read_jams)
