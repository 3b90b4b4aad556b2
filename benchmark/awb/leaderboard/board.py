"""The board: the ranked table of one (dataset, model) pair.

A mean is never taken over instances that some explainers miss: every explainer that reaches 95 %
coverage is compared on the instances which all of these have in common, the others are shown with
their coverage and without a rank (DESIGN, section 6).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.errors import RunError
from awb.harness.folder import RunFolder
from awb.harness.selection import FAILURES, UNKNOWN_LABEL, Manifest
from awb.harness.store import ExplanationRow, ScoreRow
from awb.harness.units import FAILED, NOT_APPLICABLE, OK
from awb.metrics.facts import MetricFacts
from awb.plugins import Registry
from awb.randomness import RandomKey
from awb.specs import ExplainerSpec, MetricSpec
from awb.statistics import cluster_bootstrap

FULL_COVERAGE = 0.95


@dataclass(frozen=True, slots=True)
class Cell:
    """One mean with its 95 % interval; NaN where there is none."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One explainer of a board.

    Attributes
    ----------
    rank : int or None
        Place by the first metric; None below 95 % coverage.
    explainer : str
        Its label.
    baseline : bool
        Whether it is there for comparison only.
    coverage : float
        Part of the instances on which it has an explanation, in [0, 1].
    calls : float
        Model calls asked for an instance, mean.
    cells : tuple of Cell
        One a metric.
    """

    rank: int | None
    explainer: str
    baseline: bool
    coverage: float
    calls: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A board and everything that was left out of it.

    Attributes
    ----------
    dataset, model : str
        Labels of the pair.
    metrics : tuple of MetricFacts
        The columns.
    rows : tuple of BoardRow
        Best first; unranked rows last.
    n_instances, n_clips : int
        Instances that were selected, and the clips that they come from.
    skipped : dict
        Number of clips or pairs left out, by reason.
    problems : tuple of str
        What failed: one line each.
    notes : tuple of str
        What a reader should know.
    manifest_sha256 : str
        Hash of the selection.
    finished : bool
        Whether every selected instance is stored.
    """

    dataset: str
    model: str
    metrics: tuple[MetricFacts, ...]
    rows: tuple[BoardRow, ...]
    n_instances: int
    n_clips: int
    skipped: dict[str, int]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    manifest_sha256: str
    finished: bool

    @property
    def failed(self) -> bool:
        """Whether something failed; what is merely not applicable did not."""
        return any(f" {NOT_APPLICABLE}: " not in problem for problem in self.problems)


Grid = npt.NDArray[np.float64]


def _grid(
    rows: Sequence[ScoreRow],
    explainers: Sequence[str],
    metric: str,
    instances: dict[tuple[str, str], int],
) -> Grid:
    """Lay the values of one metric out: explainers by instances, NaN where there is none."""
    grid = np.full((len(explainers), len(instances)), np.nan)
    place = {explainer: row for row, explainer in enumerate(explainers)}
    for row in rows:
        if row.metric == metric:
            grid[place[row.explainer], instances[row.clip_id, row.target]] = row.value
    return grid


def _cells(
    grid: Grid,
    full: npt.NDArray[np.bool_],
    clusters: list[str],
    key: RandomKey,
    names: Sequence[str],
) -> list[Cell]:
    """Average each explainer over the instances that all fully covered ones share."""
    finite = np.isfinite(grid)
    common = finite[full].all(axis=0) if full.any() else np.zeros(grid.shape[1], dtype=bool)
    cells = []
    for row, name in enumerate(names):
        used = common & finite[row] if full[row] else finite[row]
        if not used.any():
            cells.append(Cell(math.nan, math.nan, math.nan, 0))
            continue
        groups = [clusters[index] for index in np.flatnonzero(used)]
        found = cluster_bootstrap(grid[row, used], groups, rng=key.generator(name))
        cells.append(Cell(found.mean, found.low, found.high, int(used.sum())))
    return cells


def _problems(
    explanations: Sequence[ExplanationRow], scores: Sequence[ScoreRow], manifest: Manifest
) -> list[str]:
    """Collect what failed, one line a distinct reason."""
    lines = Counter(
        f"{row.explainer} {row.status}: {row.reason}" for row in explanations if row.status != OK
    )
    ok = {(row.clip_id, row.target, row.explainer) for row in explanations if row.status == OK}
    lines.update(
        f"metric {row.metric} on {row.explainer}: {row.reason}"
        for row in scores
        if row.reason.startswith(FAILED) and (row.clip_id, row.target, row.explainer) in ok
    )
    counted = [
        f"{line} ({count} instances)" if count > 1 else line for line, count in lines.items()
    ]
    lost = [one for one in manifest.skipped if one.reason in FAILURES]
    return [*counted, *(f"{one.reason}: {one.detail or one.clip_id}" for one in lost)]


def _notes(manifest: Manifest, done: int, undefined: dict[str, int]) -> list[str]:
    notes = []
    if done < len(manifest.kept):
        notes.append(f"unfinished: {done} of {len(manifest.kept)} instances; type: awb resume")
    notes += [
        f"{name} has no value on {count} of {done} instances" for name, count in undefined.items()
    ]
    unknown = {one.target: one.detail for one in manifest.skipped if one.reason == UNKNOWN_LABEL}
    notes += [
        f"label {label!r} is unknown to the model. {detail}".strip()
        for label, detail in unknown.items()
    ]
    return notes


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
    instances = {
        pair: index
        for index, pair in enumerate(sorted({(row.clip_id, row.target) for row in explanations}))
    }
    names = list(dict.fromkeys(row.explainer for row in explanations))
    done = np.zeros((len(names), len(instances)), dtype=bool)
    calls = np.zeros_like(done, dtype=np.float64)
    for entry in explanations:
        place = names.index(entry.explainer), instances[entry.clip_id, entry.target]
        done[place], calls[place] = entry.status == OK, entry.calls
    coverage = done.mean(axis=1) if instances else np.zeros(len(names))
    clusters = [clip_id for clip_id, _ in instances]
    key = RandomKey((seed, manifest.dataset, manifest.model, "board"))
    columns: list[list[Cell]] = []
    undefined: dict[str, int] = {}
    for facts in metrics:
        grid = _grid(scores, names, facts.name, instances)
        full = coverage >= FULL_COVERAGE
        empty = ~np.isfinite(grid[done.any(axis=1)]).any(axis=0)
        if empty.any() and len(names):
            undefined[facts.name] = int(empty.sum())
        columns.append(_cells(grid, full, clusters, key.child(facts.name), names))
    rows = [
        BoardRow(
            None,
            name,
            name in baselines,
            float(coverage[i]),
            float(calls[i][done[i]].mean()) if done[i].any() else math.nan,
            tuple(column[i] for column in columns),
        )
        for i, name in enumerate(names)
    ]
    return Board(
        manifest.dataset,
        manifest.model,
        tuple(metrics),
        tuple(_ranked(rows, metrics)),
        len(manifest.kept),
        len({one.clip_id for one in manifest.kept}),
        dict(Counter(one.reason for one in manifest.skipped)),
        tuple(_problems(explanations, scores, manifest)),
        tuple(_notes(manifest, len(instances), undefined)),
        manifest.sha256,
        len(instances) == len(manifest.kept),
    )


def _ranked(rows: list[BoardRow], metrics: Sequence[MetricFacts]) -> list[BoardRow]:
    sign = -1.0 if metrics[0].higher_is_better else 1.0

    def order(row: BoardRow) -> tuple[bool, float, str]:
        mean = row.cells[0].mean
        return (
            row.coverage < FULL_COVERAGE,
            sign * mean if math.isfinite(mean) else math.inf,
            (row.explainer),
        )

    rank = 0
    ranked = []
    for row in sorted(rows, key=order):
        able = row.coverage >= FULL_COVERAGE and math.isfinite(row.cells[0].mean)
        if able and not row.baseline:
            rank += 1
        place = rank if able and not row.baseline else None
        ranked.append(
            BoardRow(place, row.explainer, row.baseline, row.coverage, row.calls, row.cells)
        )
    return ranked


def boards(folder: RunFolder, registry: Registry) -> list[Board]:
    """Make every board of a run.

    Parameters
    ----------
    folder : RunFolder
        The run, finished or not.
    registry : Registry
        What is installed: the metrics' facts come from there.

    Returns
    -------
    list of Board
        One a (dataset, model) pair, in the order of the run.

    Raises
    ------
    RunError
        If the run has not selected its instances yet.
    UnknownNameError
        If a metric of the run is not installed.
    """
    manifests = folder.manifests()
    if not manifests:
        raise RunError(f"{folder.path} has no results yet. Type: awb resume {folder.path}")
    record, store = folder.record(), folder.store()
    labels = [entry["label"] for entry in record["plugins"] if entry["kind"] == "metric"]
    facts = []
    for label in labels:
        spec = registry.get("metric", label.partition(":")[0]).spec
        if isinstance(spec, MetricSpec):
            facts.append(spec.facts)
    baselines = frozenset(
        entry.spec.name
        for entry in registry
        if isinstance(entry.spec, ExplainerSpec) and entry.spec.baseline
    )
    scores, explanations = list(store.scores()), list(store.explanations())
    return [
        make_board(
            manifest,
            [
                row
                for row in scores
                if (row.dataset, row.model) == (manifest.dataset, manifest.model)
            ],
            [
                row
                for row in explanations
                if (row.dataset, row.model) == (manifest.dataset, manifest.model)
            ],
            facts,
            baselines,
            int(record["seed"]),
        )
        for manifest in manifests
    ]
