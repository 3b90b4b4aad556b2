"""Tables of features: one row per clip, with its class, its group and its attributes.

Conventions
-----------
Columns are ``clip``, ``class`` and ``group``, then the attributes, then the features, which are
named after their extractor and numbered: ``vggish_0`` to ``vggish_255``. Attributes are numbers if
all of a column are. The same table is a Parquet file or a CSV file, depending on the name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from awb.errors import DataError, ParameterError
from awb.intervals import FloatArray

FIRST = ("clip", "class", "group")
SUFFIXES = (".parquet", ".csv")
_ABOUT = b"awb"


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """Features of clips.

    Attributes
    ----------
    extractor : str
        Name of the extractor, from which columns are named.
    clips, classes, groups : tuple of str
        Id, class and group of each clip.
    values : np.ndarray, shape=(clips, features), dtype=float64
        The features.
    attributes : mapping of str to tuple of str
        By name, one text per clip, which is empty where it is unknown.
    """

    extractor: str
    clips: tuple[str, ...]
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    values: FloatArray
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def write(self, path: Path, about: str = "") -> None:
        """Write a Parquet or a CSV file.

        Parameters
        ----------
        path : Path
            Ends in ``.parquet`` or ``.csv``.
        about : str
            Where the features come from; a Parquet file keeps it in its metadata.

        Raises
        ------
        ParameterError
            If the name ends in anything else.
        DataError
            If the file cannot be written, or an attribute has the name of another column.
        """
        from pyarrow import csv, parquet

        check_suffix(path)
        table = self._arrow()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix.lower() == ".csv":
                csv.write_csv(table, path)
            else:
                parquet.write_table(table.replace_schema_metadata({_ABOUT: about.encode()}), path)
        except OSError as error:
            raise DataError(f"cannot write {path}: {error.strerror or error}") from error

    def _arrow(self) -> Any:
        import pyarrow

        columns: dict[str, Any] = dict(
            zip(FIRST, (self.clips, self.classes, self.groups), strict=True)
        )
        for name, texts in self.attributes.items():
            if name in columns or name.startswith(f"{self.extractor}_"):
                raise DataError(f"the attribute {name!r} has the name of another column; rename it")
            columns[name] = typed(texts)
        for number, column in enumerate(self.values.T):
            columns[f"{self.extractor}_{number}"] = column
        return pyarrow.table(columns)


def check_suffix(path: Path) -> None:
    """Refuse a name that is neither of a Parquet file nor of a CSV file.

    Parameters
    ----------
    path : Path
        Name of a table of features.

    Raises
    ------
    ParameterError
        If it ends in anything but ``.parquet`` or ``.csv``.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ParameterError(f"{path}: a table of features ends in {' or '.join(SUFFIXES)}")


def read_features(path: Path) -> FeatureTable:
    """Read a table that `FeatureTable.write` wrote.

    Parameters
    ----------
    path : Path
        A Parquet or a CSV file.

    Returns
    -------
    FeatureTable
        With the attributes as texts.

    Raises
    ------
    ParameterError
        If the name ends in anything else.
    DataError
        If the file cannot be read, or is no table of features.
    """
    from pyarrow import ArrowException, csv, parquet

    check_suffix(path)
    if not path.is_file():
        raise DataError(f"{path} does not exist. Type: awb data features ... --out {path}")
    texts = csv.ConvertOptions(
        column_types=dict.fromkeys(FIRST, "string"), strings_can_be_null=False
    )
    try:
        is_csv = path.suffix.lower() == ".csv"
        table = csv.read_csv(path, convert_options=texts) if is_csv else parquet.read_table(path)
    except (OSError, ArrowException) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    names = table.column_names
    last, _, number = names[-1].rpartition("_")
    count = int(number) + 1 if number.isdecimal() else 0
    features = [f"{last}_{index}" for index in range(count)]
    if tuple(names[:3]) != FIRST or not features or names[-count:] != features:
        raise DataError(f"{path} is no table of features. Type: awb data features ... --out {path}")
    plain = table.to_pydict()
    values = np.array([plain[name] for name in features], dtype=np.float64).T
    known = {
        name: tuple("" if one is None else str(one) for one in plain[name])
        for name in names[3:-count]
    }
    clips, classes, groups = (tuple(map(str, plain[name])) for name in FIRST)
    return FeatureTable(last, clips, classes, groups, values, known)


def typed(texts: Sequence[str]) -> list[str] | list[float | None] | list[int | None]:
    """Turn the texts of a column into numbers if all of them are; empty ones are unknown.

    Parameters
    ----------
    texts : sequence of str
        One per clip.

    Returns
    -------
    list of int, float or str
        In the same order; None where a number is unknown.

    Examples
    --------
    >>> typed(["61", "", "47"]), typed(["1.5", "2"]), typed(["F", ""])
    ([61, None, 47], [1.5, 2.0], ['F', ''])
    """
    for convert in (int, float):
        try:
            found = [convert(text) if text.strip() else None for text in texts]
        except ValueError:
            continue
        if any(one is not None for one in found):
            return found
    return list(texts)
