"""Make boards from a run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from awb.errors import RunError, UnknownNameError, did_you_mean
from awb.harness.folder import RunFolder
from awb.harness.selection import Manifest
from awb.harness.store import ExplanationRow, ScoreRow
from awb.harness.units import OK
from awb.leaderboard.board import FULL_COVERAGE, Board, BoardRow, Cell
from awb.leaderboard.ranking import Place, places
from awb.leaderboard.remarks import notes, problems
from awb.metrics.facts import MetricFacts
from awb.plugins import Registry
from awb.randomness import RandomKey
from awb.specs import ExplainerSpec, MetricSpec
from awb.statistics import cluster_bootstrap

Grid = npt.NDArray[np.float64]

Pair = tuple[str, str]

_EMPTY = Cell(math.nan, math.nan, math.nan, 0)


class _Layout:
    """Explainers down, instances across: where every row of the store belongs."""

    def __init__(self, explanations: Sequence[ExplanationRow]) -> None:
        pairs = sorted({(row.clip_id, row.target) for row in explanations})
        self.names = list(dict.fromkeys(row.explainer for row in explanations))
        self.column = {pair: index for index, pair in enumerate(pairs)}
        self.row = {name: index for index, name in enumerate(self.names)}
        self.clips = [clip_id for clip_id, _ in pairs]
        self.done = np.zeros((len(self.names), len(pairs)), dtype=bool)
        self.calls = np.full(self.done.shape, np.nan)
        for entry in explanations:
            if entry.status == OK:
                place = self.row[entry.explainer], self.column[entry.clip_id, entry.target]
                self.done[place], self.calls[place] = True, entry.calls
        self.coverage = self.done.mean(axis=1) if pairs else np.zeros(len(self.names))

    def grid(self, scores: Sequence[ScoreRow], metric: str) -> Grid:
        """Lay the values of one metric out; NaN where there is none."""
        grid = np.full(self.done.shape, np.nan)
        for row in scores:
            if row.metric == metric:
                grid[self.row[row.explainer], self.column[row.clip_id, row.target]] = row.value
        return grid


@dataclass(frozen=True, slots=True)
class _Column:
    """One metric: its values, who has enough of them, and what these have in common."""

    grid: Grid
    full: npt.NDArray[np.bool_]
    common: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, grid: Grid) -> _Column:
        """Find the explainers with 95 % of the values there are, and their common instances."""
        finite = np.isfinite(grid)
        definable = finite.any(axis=0)
        share = finite[:, definable].mean(axis=1) if definable.any() else np.zeros(len(grid))
        full = share >= FULL_COVERAGE
        common = np.all(finite[full], axis=0) if full.any() else definable
        return cls(grid, full, np.asarray(common, dtype=bool))

    def cells(self, layout: _Layout, key: RandomKey) -> list[Cell]:
        """Average each explainer, the full ones over their common instances."""
        cells = []
        for row, name in enumerate(layout.names):
            finite = np.isfinite(self.grid[row])
            used = np.flatnonzero(self.common & finite if self.full[row] else finite)
            if used.size == 0:
                cells.append(_EMPTY)
                continue
            clips = [layout.clips[index] for index in used]
            found = cluster_bootstrap(self.grid[row, used], clips, rng=key.generator(name))
            cells.append(Cell(found.mean, found.low, found.high, used.size))
        return cells

    def places(
        self, layout: _Layout, facts: MetricFacts, ranked: Sequence[int], key: RandomKey
    ) -> dict[int, Place]:
        """Rank the given explainers on the common instances."""
        used = np.flatnonzero(self.common)
        clips = [layout.clips[index] for index in used]
        if not clips or not ranked:
            return {}
        values = self.grid[np.array(ranked)[:, np.newaxis], used].T
        return dict(zip(ranked, places(values, clips, facts, key), strict=True))


def _undefined(layout: _Layout, grids: dict[str, Grid]) -> dict[str, int]:
    """Count, for each metric, the instances on which it has no value for anybody."""
    able = layout.done.any(axis=1)
    counts = {
        name: int((~np.isfinite(grid[able])).all(axis=0).sum()) for name, grid in grids.items()
    }
    return {name: count for name, count in counts.items() if count and able.any()}


def make_board(
    manifest: Manifest,
    scores: Sequence[ScoreRow],
    explanations: Sequence[ExplanationRow],
    metrics: Sequence[MetricFacts],
    baselines: frozenset[str],
    seed: int,
) -> Board:
    """Rank the explainers of one (dataset, model) pair by the first metric.

    Parameters
    ----------
    manifest : Manifest
        The selection.
    scores, explanations : sequence
        Rows of this pair.
    metrics : sequence of MetricFacts
        Columns; the first one ranks.
    baselines : frozenset of str
        Labels of explainers that are there for comparison.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    Board
        The same for the same rows, whatever their order of computation.
    """
    layout = _Layout(explanations)
    grids = {facts.name: layout.grid(scores, facts.name) for facts in metrics}
    columns = {name: _Column.of(grid) for name, grid in grids.items()}
    key = RandomKey((seed, "board"))
    cells = [column.cells(layout, key.child(name)) for name, column in columns.items()]
    first = columns[metrics[0].name]
    ranked = [
        row
        for row, name in enumerate(layout.names)
        if first.full[row] and layout.coverage[row] >= FULL_COVERAGE and name not in baselines
    ]
    found = first.places(layout, metrics[0], ranked, key)
    rows = [
        BoardRow(
            found.get(row),
            name,
            name in baselines,
            float(layout.coverage[row]),
            float(np.nanmean(layout.calls[row])) if layout.done[row].any() else math.nan,
            tuple(column[row] for column in cells),
        )
        for row, name in enumerate(layout.names)
    ]
    finished = len(layout.clips)
    return Board(
        manifest.dataset,
        manifest.model,
        tuple(metrics),
        tuple(sorted(rows, key=partial(_order, metrics[0]))),
        len(manifest.kept),
        len({one.clip_id for one in manifest.kept}),
        dict(Counter(one.reason for one in manifest.skipped)),
        tuple(problems(explanations, scores, manifest)),
        tuple(notes(manifest, finished, _undefined(layout, grids))),
        manifest.sha256,
        finished == len(manifest.kept),
    )


def _order(facts: MetricFacts, row: BoardRow) -> tuple[bool, float, str]:
    """Sort by the first metric, what is not covered last."""
    mean = row.cells[0].mean
    place = math.inf if math.isnan(mean) else -mean if facts.higher_is_better else mean
    return row.coverage < FULL_COVERAGE, place, row.explainer


def boards(
    folder: RunFolder, registry: Registry, *, columns: Sequence[str] | None = None
) -> list[Board]:
    """Make every board of a run.

    Parameters
    ----------
    folder : RunFolder
        The run, finished or not.
    registry : Registry
        What is installed: the metrics' facts come from there.
    columns : sequence of str or None
        Metrics to show, the first one ranks; ``all`` for every metric of the run. None for the
        metrics that the run named, or the headline ones of a run of all metrics.

    Returns
    -------
    list of Board
        One a (dataset, model) pair, in the order of the run.

    Raises
    ------
    RunError
        If the run has not selected its instances yet.
    UnknownNameError
        If a metric is not of the run, or not installed.
    """
    manifests = folder.manifests()
    if not manifests:
        raise RunError(f"{folder.path} has no results yet. Type: awb resume {folder.path}")
    store = folder.store()
    facts = _columns(folder, registry, columns)
    baselines = frozenset(
        entry.spec.name
        for entry in registry
        if isinstance(entry.spec, ExplainerSpec) and entry.spec.baseline
    )
    scores: dict[Pair, list[ScoreRow]] = {}
    explanations: dict[Pair, list[ExplanationRow]] = {}
    for score in store.scores():
        scores.setdefault((score.dataset, score.model), []).append(score)
    for row in store.explanations():
        explanations.setdefault((row.dataset, row.model), []).append(row)
    seed = int(folder.record()["seed"])
    return [
        make_board(
            manifest, scores.get(pair, []), explanations.get(pair, []), facts, baselines, seed
        )
        for manifest in manifests
        for pair in [(manifest.dataset, manifest.model)]
    ]


def _columns(
    folder: RunFolder, registry: Registry, columns: Sequence[str] | None
) -> list[MetricFacts]:
    """Look up the facts of the metrics that a board shows."""
    plugins = folder.record()["plugins"]
    labels = [entry["label"] for entry in plugins if entry["kind"] == "metric"]
    for name in columns or []:
        if name != "all" and name not in labels:
            raise UnknownNameError(f"the run has no metric {name!r}.{did_you_mean(name, labels)}")
    wanted = labels if columns is None or "all" in columns else list(columns)
    specs = [registry.get("metric", label.partition(":")[0]).spec for label in wanted]
    found = [spec for spec in specs if isinstance(spec, MetricSpec)]
    if columns is None and "all" in folder.config().metrics:
        found = [spec for spec in found if spec.headline] or found
    return [spec.facts for spec in found]
