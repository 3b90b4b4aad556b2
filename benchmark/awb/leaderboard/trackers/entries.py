"""What a tracker is told of a run: one entry per board and explainer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.sweep_folder import SweepFolder
from awb.leaderboard.boards.board import Board, BoardRow
from awb.leaderboard.boards.construction import boards
from awb.plugins.discovery import Registry


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a board."""

    board: str  # names the (dataset, model) pair
    explainer: str
    facts: Mapping[str, str]  # dataset, model, settings that vary, hash of the selection
    values: Mapping[str, float]  # finite means, ends of their intervals, rank, coverage and cost


def entries_of(folder: RunFolder | SweepFolder, registry: Registry) -> list[Entry]:
    """List the entries of a run, or of all variants of a sweep."""
    if isinstance(folder, RunFolder):
        return list(_entries(folder, registry, {}))
    runs = folder.all_runs()
    return [one for variant, run in runs for one in _entries(run, registry, variant.values)]


def _entries(run: RunFolder, registry: Registry, varied: Mapping[str, object]) -> Iterator[Entry]:
    for board in boards(run, registry, columns=["all"]):
        about = {name: str(value) for name, value in varied.items()}
        if board.budget is not None:
            about["budget"] = str(board.budget)
        name = ", ".join(
            [f"{board.model} on {board.dataset}", *(f"{key}={one}" for key, one in about.items())]
        )
        for row in board.rows:
            facts = {
                "dataset": board.dataset,
                "model": board.model,
                "explainer": row.explainer,
                "baseline": str(row.baseline).lower(),
                **about,
                "seed": str(run.record()["seed"]),
                "run": str(run.path),
                "selection_sha256": board.manifest_sha256,
                "finished": str(board.finished).lower(),
            }
            yield Entry(name, row.explainer, facts, _values(board, row))


def _values(board: Board, row: BoardRow) -> dict[str, float]:
    """List what is a number; what has no value is left out, since trackers would draw it."""
    found = {
        "instances": float(board.n_stored),
        "coverage": row.coverage,
        "model-calls": row.calls,
        "rank": math.nan if row.rank is None else float(row.rank),
    }
    for facts, cell in zip(board.metrics, row.cells, strict=True):
        found |= {
            facts.name: cell.mean,
            f"{facts.name}.low": cell.low,
            f"{facts.name}.high": cell.high,
        }
    return {name: value for name, value in found.items() if math.isfinite(value)}
