"""The values of published submissions as tables, from which findings are computed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from awb.data.instance_kinds import only_hits
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import FULL_COVERAGE
from awb.leaderboard.boards.budgets import FREE_CALLS
from awb.leaderboard.publishing.roles import roles
from awb.leaderboard.publishing.titles import board_title
from awb.leaderboard.submissions.files import MANIFEST_NAME
from awb.leaderboard.submissions.schema import Submission
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry
from awb.specs import ExplainerSpec

INSTANCE = ["clip_id", "target"]


@dataclass(frozen=True)
class Board:
    """One board: a table of instances by rows for every metric, and what the rows are."""

    title: str
    pair: tuple[str, str]  # dataset and model
    folder: str
    budget: int | None
    settings: dict[str, Any]
    control: bool  # explainers should not point at the events here
    values: dict[str, pd.DataFrame]  # by metric; index (clip_id, target), columns explainers
    calls: pd.Series
    coverage: pd.Series
    records: dict[str, Path]  # the file of each row
    baselines: frozenset[str]

    @cached_property
    def rows(self) -> list[str]:
        """List the explainers that explained enough instances, without the baselines."""
        able = self.coverage[self.coverage >= FULL_COVERAGE].index
        return [name for name in able if name not in self.baselines]

    @property
    def n_instances(self) -> int:
        return len(next(iter(self.values.values())))

    @property
    def n_clips(self) -> int:
        index = next(iter(self.values.values())).index
        return int(index.get_level_values("clip_id").nunique())

    def has(self, metric: str) -> bool:
        """Whether most of the rows have values of a metric."""
        return metric in self.values and bool(self.values[metric].notna().mean().mean() > 0.5)

    def table(self, metric: str, names: Sequence[str]) -> tuple[FloatArray, list[str], list[str]]:
        """Values on the instances that all rows have, their clips, and the rows that are left."""
        found = self.values[metric].reindex(columns=list(names)).dropna(axis=1, how="all")
        found = found.loc[:, found.notna().mean() >= FULL_COVERAGE].dropna()
        return found.to_numpy(), list(found.index.get_level_values("clip_id")), list(found.columns)

    def mean(self, metric: str, name: str) -> float:
        """Mean of the values that a row has."""
        return float(self.values[metric][name].mean()) if name in self.values[metric] else math.nan


def read_boards(submissions: Path, registry: Registry) -> list[Board]:
    """Read every board of hits, those of budgets apart, the pairs in order."""
    found = []
    for folder in sorted(path for path in submissions.iterdir() if path.is_dir()):
        plain = {
            path: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob("*.json"))
            if path.name != MANIFEST_NAME
        }
        if plain:
            found += _boards_of(folder.name, plain, registry)
    return found


def _boards_of(folder: str, plain: dict[Path, Any], registry: Registry) -> Iterator[Board]:
    first = next(iter(plain.values()))
    record = Submission.model_validate(first)
    if not only_hits([record]):
        return
    baselines = frozenset(spec.name for spec in registry.specs(ExplainerSpec) if spec.baseline)
    for budget in first["settings"]["budgets"] or [None]:
        rows = dict(_rows(plain, budget))
        title = board_title(record, registry)
        if (masker := record.settings.masker) != "zeros":
            title = f"{title}, dropped time is {masker}"
        yield Board(
            title if budget is None else f"{title}, {budget:,} calls",
            (first["dataset"]["label"], first["model"]["label"]),
            folder,
            budget,
            first["settings"],
            roles(record, registry)[1],
            _values(rows),
            pd.Series({name: _mean_calls(one) for name, one in rows.items()}),
            pd.Series({name: _coverage(one) for name, one in rows.items()}),
            {name: path for name, one in rows.items() for path in plain if plain[path] is one},
            baselines,
        )


def _rows(plain: dict[Path, Any], budget: int | None) -> Iterator[tuple[str, Any]]:
    """Yield the rows of a board by their names, as `awb.leaderboard.boards.budgets` does."""
    for one in plain.values():
        at = re.search(r"@(\d+)$", one["name"])
        given = at is not None and int(at[1]) in (one["settings"]["budgets"] or ())
        if budget is None or (not given and _most_calls(one) <= budget + FREE_CALLS):
            yield one["name"], one
        elif at is not None and given and int(at[1]) == budget:
            yield one["name"].removesuffix(at[0]), one


def _most_calls(one: Any) -> int:
    return max(row["calls"] for row in one["instances"])


def _mean_calls(one: Any) -> float:
    done = [row["calls"] for row in one["instances"] if row["status"] == "ok"]
    return float(np.mean(done)) if done else math.nan


def _coverage(one: Any) -> float:
    return float(np.mean([row["status"] == "ok" for row in one["instances"]]))


def _values(rows: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Arrange the scores by metric; the instances of all rows are those of one manifest."""
    first = next(iter(rows.values()))["instances"]
    pairs = [(row["clip_id"], row["target"]) for row in first]
    index = pd.MultiIndex.from_tuples(pairs, names=INSTANCE)
    for name, one in rows.items():
        if [(row["clip_id"], row["target"]) for row in one["instances"]] != pairs:
            raise ValueError(f"{name} has other instances than the rest of its board")
    found = {}
    for metric in dict.fromkeys(metric for one in rows.values() for metric in one["scores"]):
        columns = {
            name: np.array(one["scores"].get(metric, [None] * len(pairs)), dtype=np.float64)
            for name, one in rows.items()
        }
        found[metric] = pd.DataFrame(columns, index=index)
    return found


def facts_of(metric: str, registry: Registry) -> MetricFacts:
    """Look up the facts of a metric by its label."""
    facts: MetricFacts = registry.get("metric", metric.partition(":")[0]).spec.facts
    return facts


def oriented(board: Board, metric: str, registry: Registry) -> pd.DataFrame:
    """Values of a metric, so that higher is better."""
    sign = 1.0 if facts_of(metric, registry).higher_is_better else -1.0
    return sign * board.values[metric]


def pairs_of(boards: Sequence[Board]) -> int:
    """Count the pairs of a dataset and a model."""
    return len({one.pair for one in boards})
