"""Read all submissions of a folder, leave out invalid ones, and group the rest by board."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from awb.errors import AwbError
from awb.leaderboard.submissions.files import Reader, Submitted, find
from awb.leaderboard.submissions.names import file_names, folder_name
from awb.leaderboard.verification.checks import check_columns, check_coverage, readable


def read_folder(folder: Path) -> tuple[list[Submitted], list[str]]:
    """Read all submissions of a folder, and list those that are refused and why.

    Scores are not recomputed here (see `checks`), but every returned submission has matching files,
    the rows of its manifest, one column per metric, and relevance of the right length.
    """
    reader, found, refused = Reader(), [], []
    for path in find([folder]):
        try:
            one = reader.read(path)
            check_coverage(one)
            check_columns(one.record)
            _check_relevance(one)
        except AwbError as error:
            refused.append(f"{path}: {readable(str(error))}")
        else:
            found.append(one)
    return found, refused


def _check_relevance(submitted: Submitted) -> None:
    """Check that relevance can be read, and that it fits the segments."""
    for row, relevance in zip(submitted.record.instances, submitted.relevance, strict=True):
        if relevance is not None:
            submitted.segments(row)


def paired(submitted: Iterable[Submitted]) -> dict[str, dict[str, list[Submitted]]]:
    """Group submissions by page, and on each page by board, the largest board first."""
    pairs: dict[tuple[str, ...], dict[str, list[Submitted]]] = {}
    for one in submitted:
        pair = pairs.setdefault((one.record.dataset.label, one.record.model.label), {})
        pair.setdefault(folder_name(one.record), []).append(one)
    return {
        name: dict(sorted(pairs[key].items(), key=lambda item: (-len(item[1]), item[0])))
        for key, name in file_names(pairs).items()
    }
