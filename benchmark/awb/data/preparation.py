"""Results of preparing a dataset: one table of instances per model family, and their funnels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awb.data.class_index import ClassIndex
from awb.errors import RunError
from awb.protocols import ScoreArray


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Models with one list of classes.

    Attributes
    ----------
    name : str
        Name of the model, and of the files.
    classes : ClassIndex
        Mapping from labels to classes.
    min_score : float
        Instances with a lower log-odds are left out.
    scores : mapping of str to np.ndarray, or None
        Log-odds of every class by clip id, ``shape=(classes,)``; None if they are unknown, in which
        case no instance is left out because of its score.
    """

    name: str
    classes: ClassIndex
    min_score: float = 0.0
    scores: Mapping[str, ScoreArray] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the funnel.

    Attributes
    ----------
    name : str
        Condition that the step checks.
    rows, clips, instances : int
        Numbers that remain after the step.
    """

    name: str
    rows: int
    clips: int
    instances: int


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """The prepared tables of a dataset.

    Attributes
    ----------
    tables : mapping of str to pyarrow.Table
        Table of instances per family.
    funnels : mapping of str to tuple of Step
        Steps that led to each table.
    labels : pyarrow.Table
        One row per label.
    lists : mapping of str to tuple of str
        Lines of further text files, by file name, such as the clips without audio.
    problems : tuple of str
        Sentences about faulty input, which was left out.
    notes : tuple of str
        Sentences about other input that was left out, with counts.
    fingerprint : str
        Hash of the input files, the settings, and the list of clips that have audio.
    """

    tables: Mapping[str, Any]
    funnels: Mapping[str, tuple[Step, ...]]
    labels: Any
    lists: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    fingerprint: str

    def write(self, folder: Path, settings: Mapping[str, Any]) -> list[Path]:
        """Write everything into a folder; files of the same names are replaced.

        Parameters
        ----------
        folder : Path
            Created if it does not exist.
        settings : mapping
            Settings of the preparation, which are stored in ``preparation.json``.

        Returns
        -------
        list of Path
            The files, including ``<family>.parquet`` and ``<family>.csv``.

        Raises
        ------
        RunError
            If the folder cannot be written to.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return self._write(folder, settings)
        except OSError as error:
            raise RunError(f"cannot write to {folder}: {error.strerror or error}") from error

    def _write(self, folder: Path, settings: Mapping[str, Any]) -> list[Path]:
        from pyarrow import csv, parquet

        paths = []
        for name, table in {**self.tables, "labels": self.labels}.items():
            parquet.write_table(table, folder / f"{name}.parquet")
            csv.write_csv(flat(table), folder / f"{name}.csv")
            paths += [folder / f"{name}.parquet", folder / f"{name}.csv"]
        for name, lines in self.lists.items():
            (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            paths.append(folder / name)
        record = {
            "settings": dict(settings),
            "fingerprint": self.fingerprint,
            "funnels": {name: plain_steps(steps) for name, steps in self.funnels.items()},
            "problems": list(self.problems),
            "notes": list(self.notes),
        }
        path = folder / "preparation.json"
        path.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
        return [*paths, path]


def plain_steps(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return a funnel as plain lists and dictionaries."""
    return [
        {"step": one.name, "rows": one.rows, "clips": one.clips, "instances": one.instances}
        for one in steps
    ]


def flat(table: Any) -> Any:
    """Convert the lists of a table to JSON text, so that a CSV file can contain them.

    Parameters
    ----------
    table : pyarrow.Table
        Any table.

    Returns
    -------
    pyarrow.Table
        The same table with text instead of lists.
    """
    import pyarrow as pa

    for position, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            texts = [json.dumps(value, ensure_ascii=False) for value in table[position].to_pylist()]
            table = table.set_column(position, field.name, pa.array(texts, pa.string()))
    return table
