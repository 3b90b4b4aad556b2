"""Make the boards of a run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from awb.data.instance_kinds import FALSE_ALARMS
from awb.errors import RunError, UnknownNameError, did_you_mean
from awb.harness.config.resources import default_jobs
from awb.harness.selection.instance_facts import InstanceFacts
from awb.harness.selection.manifest import Manifest
from awb.harness.steps import steps
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.score_table import ScoreTable
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.board import FULL_COVERAGE, Board, BoardRow, Cell
from awb.leaderboard.boards.budgets import within_budget
from awb.leaderboard.boards.layout import Column, Grid, Layout
from awb.leaderboard.boards.pointing import PointedAt, pointed_at
from awb.leaderboard.boards.ranking import Place
from awb.leaderboard.boards.remarks import (
    clips_as,
    counted_as_worst,
    cut_as,
    explained_again,
    not_applicable,
    not_ranking,
    notes,
    problems,
    saturated,
    trained,
    without_times,
)
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry
from awb.randomness import RandomKey
from awb.specs import ExplainerSpec

Pair = tuple[str, str]


def _undefined(layout: Layout, grids: dict[str, Grid]) -> dict[str, int]:
    """Count, per metric, the stored instances on which no explainer has a value."""
    able = layout.done.any(axis=1)
    counts = {
        name: int((~np.isfinite(grid[able][:, layout.stored])).all(axis=0).sum())
        for name, grid in grids.items()
    }
    return {name: count for name, count in counts.items() if count and able.any()}


@dataclass(frozen=True, slots=True)
class BoardData:
    """The stored rows of one board, and what is needed to interpret them."""

    manifest: Manifest
    scores: Sequence[ScoreRow]
    explanations: list[ExplanationRow]
    metrics: list[MetricFacts]  # the columns; the first one ranks
    baselines: frozenset[str]
    seed: int
    computed_on: str = ""  # device and precision of the model
    model_notes: tuple[str, ...] = ()  # what a reader must know about the model
    budget: int | None = None  # model calls per instance, where there is a limit
    over_budget: tuple[str, ...] = ()  # explainers that need more than the budget
    n_done: int | None = None  # instances stored, where the rows may not show it
    pointed: tuple[PointedAt, ...] = ()  # where explanations of false alarms point
    facts: Mapping[Pair, InstanceFacts] = field(default_factory=dict)  # by (clip, target)
    unranked: frozenset[str] = frozenset()  # rows without a place, whatever they score
    references: frozenset[str] = frozenset()  # rows that are no explanations, such as frame scores
    told: tuple[str, ...] = ()  # what a reader must know about the rows

    @property
    def compared_with(self) -> frozenset[str]:
        """Rows that the explainers are compared with: the baselines and the references."""
        return self.baselines | self.references


def make_board(data: BoardData) -> Board:
    """Rank the explainers of one (dataset, model) pair by the first metric.

    If no instance has annotated times, the localization metrics are left out and the first of the
    others ranks. While instances are missing, nothing is ranked.
    """
    manifest, metrics = data.manifest, _scorable(data)
    layout = layout_of(data)
    columns = {facts.name: column_of(data, layout, facts) for facts in metrics}
    key = RandomKey((data.seed, "board"))
    first = columns[metrics[0].name]
    n_done = int(layout.stored.sum()) if data.n_done is None else data.n_done
    finished = n_done == len(manifest.kept)
    covered = first.full & (layout.coverage >= FULL_COVERAGE)
    ranked = [
        row
        for row, name in enumerate(layout.names)
        if name not in data.compared_with | data.unranked
        and metrics[0].ranks
        and finished
        and covered[row]
    ]
    ranking = first.ranking(layout, ranked, key)
    counted = {
        layout.names[row]: float(first.table([row]).mean())
        for row in range(len(layout.names))
        if covered[row] and first.definable.any()
    }
    places = dict(zip(ranked, ranking.places, strict=False))  # without instances, no places
    rows = _rows(data, layout, places, _cells(columns, layout, key))
    return Board(
        manifest.dataset,
        manifest.model,
        tuple(metrics),
        tuple(sorted(rows, key=partial(_order, metrics[0], counted))),
        len(manifest.kept),
        len({one.clip_id for one in manifest.kept}),
        dict(Counter(one.reason for one in manifest.skipped)),
        tuple(problems(data.explanations, data.scores, manifest)),
        (
            *_about_metrics(data, columns, layout, n_done),
            *counted_as_worst(first, layout, ranked),
            *trained(data.explanations),
            *not_applicable(data.explanations),
            *_over_budget(data),
            *_without_place(data, metrics[0]),
            *data.told,
        ),
        manifest.sha256,
        finished,
        data.budget,
        n_done,
        ranking.outlook,
        manifest.kind,
        data.pointed,
    )


def _rows(
    data: BoardData, layout: Layout, places: Mapping[int, Place], cells: list[list[Cell]]
) -> list[BoardRow]:
    """Make the rows, in the order of the layout."""
    return [
        BoardRow(
            places.get(row),
            name,
            name in data.compared_with,
            float(layout.coverage[row]),
            float(np.nanmean(layout.calls[row])) if layout.done[row].any() else math.nan,
            tuple(column[row] for column in cells),
            name in data.references,
        )
        for row, name in enumerate(layout.names)
    ]


def _about_metrics(
    data: BoardData, columns: Mapping[str, Column], layout: Layout, n_done: int
) -> Iterator[str]:
    """Say what a reader must know about the model, the instances and the metrics."""
    manifest, metrics = data.manifest, [column.facts for column in columns.values()]
    grids = {name: column.grid for name, column in columns.items()}
    yield from without_times(manifest, metrics[0])
    yield from not_ranking(metrics)
    yield from data.model_notes
    yield from saturated(manifest)
    yield from explained_again(metrics, data.scores)
    yield from notes(manifest, n_done, _undefined(layout, grids), data.computed_on)


def _cells(columns: dict[str, Column], layout: Layout, key: RandomKey) -> list[list[Cell]]:
    """Average every metric; numpy draws and sums outside of the interpreter's lock."""
    with ThreadPoolExecutor(default_jobs()) as pool:
        found = pool.map(lambda name: columns[name].cells(layout, key.child(name)), columns.keys())
        return list(found)


def layout_of(data: BoardData) -> Layout:
    """Lay out the selected instances of a board, stored or not."""
    return Layout(data.explanations, [(one.clip_id, one.target) for one in data.manifest.kept])


def column_of(data: BoardData, layout: Layout, facts: MetricFacts) -> Column:
    """Collect the values of one metric of a board."""
    return Column.of(layout.grid(data.scores, facts.name), facts, layout.names, data.baselines)


def _over_budget(data: BoardData) -> list[str]:
    """Name the explainers that a board at a budget leaves out."""
    if not data.over_budget:
        return []
    names = ", ".join(data.over_budget)
    return [f"more than {data.budget:,} model calls are needed by {names}"]


def _without_place(data: BoardData, ranked_by: MetricFacts) -> list[str]:
    """Say why rows have no place, if what they score is only claimed."""
    if not data.unranked:
        return []
    names = "every row" if len(data.unranked) > 3 else ", ".join(sorted(data.unranked))
    if 3 < len(data.unranked) < len({row.explainer for row in data.explanations}):
        names = f"{len(data.unranked)} rows"
    why = f"{ranked_by.name} cannot be computed from the published relevance"
    return [f"{why}, and claims have no place: {names}"]


def _scorable(data: BoardData) -> list[MetricFacts]:
    """Leave out the localization metrics if no instance has annotated times."""
    if data.manifest.times_known:
        return data.metrics
    return [facts for facts in data.metrics if facts.family != "localization"] or data.metrics


def _order(facts: MetricFacts, counted: dict[str, float], row: BoardRow) -> tuple[bool, float, str]:
    """Sort by the mean that counts for places, rows without full coverage last."""
    mean = counted.get(row.explainer, row.cells[0].mean)
    place = math.inf if math.isnan(mean) else -mean if facts.higher_is_better else mean
    return row.coverage < FULL_COVERAGE, place, row.explainer


def read_boards(
    folder: RunFolder, registry: Registry, *, columns: Sequence[str] | None = None
) -> list[BoardData]:
    """Read the rows of every board of a run."""
    manifests = folder.manifests()
    if not manifests:
        raise RunError(f"{folder.path} has no results yet. Type: awb resume {folder.path}")
    store = folder.store()
    facts = shown_metrics(folder, registry, columns)
    specs = registry.specs(ExplainerSpec)
    baselines = frozenset(spec.name for spec in specs if spec.baseline)
    references = frozenset(spec.name for spec in specs if spec.reference)
    scores: dict[Pair, ScoreTable] = {}
    explanations: dict[Pair, list[ExplanationRow]] = {}
    for score in store.scores():
        scores.setdefault((score.dataset, score.model), ScoreTable()).append(score)
    for row in store.explanations():
        explanations.setdefault((row.dataset, row.model), []).append(row)
    seed, places = int(folder.record()["seed"]), folder.computed_on()
    told, known, config = folder.model_notes(), store.facts(), folder.config()
    read, cut = folder.dataset_notes(), cut_as(config)
    data = [
        BoardData(
            manifest,
            scores.get(pair, ScoreTable()),
            explanations.get(pair, []),
            facts,
            baselines,
            seed,
            places.get(manifest.model, ""),
            told.get(manifest.model, ()),
            told=(*clips_as(config, manifest), *cut, *read.get(manifest.dataset, ())),
            references=references,
            pointed=_pointed(folder, manifest, baselines | references),
            facts=known.get(pair, {}),
        )
        for manifest in manifests
        for pair in [(manifest.dataset, manifest.model)]
    ]
    budgets = config.budgets
    return data if budgets is None else [at for one in data for at in at_budgets(one, budgets)]


def _pointed(
    folder: RunFolder, manifest: Manifest, baselines: frozenset[str]
) -> tuple[PointedAt, ...]:
    """Summarize where explanations of false alarms point; nothing for other kinds."""
    if manifest.kind != FALSE_ALARMS:
        return ()
    relevances = folder.store().relevances(manifest.dataset, manifest.model)
    hop_s = folder.config().segment_hop_s
    return pointed_at(manifest.kept, relevances, hop_s, without=baselines)


def at_budgets(data: BoardData, budgets: Sequence[int]) -> Iterator[BoardData]:
    """Split the rows of a pair into one board per budget."""
    n_done = len({(row.clip_id, row.target) for row in data.explanations})
    for budget in budgets:
        explanations, scores, over_budget = within_budget(
            data.explanations, data.scores, budget, budgets
        )
        yield replace(
            data,
            explanations=explanations,
            scores=scores,
            budget=budget,
            over_budget=tuple(over_budget),
            n_done=n_done,
        )


def boards(
    folder: RunFolder, registry: Registry, *, columns: Sequence[str] | None = None
) -> list[Board]:
    """Make every board of a run; see `read_boards`."""
    found = read_boards(folder, registry, columns=columns)
    return [make_board(data) for data in steps(found, "Comparing explainers")]


def shown_metrics(
    folder: RunFolder, registry: Registry, columns: Sequence[str] | None
) -> list[MetricFacts]:
    """Look up the metrics that a board shows."""
    plugins = folder.record()["plugins"]
    labels = [entry["label"] for entry in plugins if entry["kind"] == "metric"]
    for name in columns or []:
        if name != "all" and name not in labels:
            raise UnknownNameError(f"the run has no metric {name!r}.{did_you_mean(name, labels)}")
    wanted = labels if columns is None or "all" in columns else list(columns)
    found = {label: registry.get("metric", label.partition(":")[0]).spec for label in wanted}
    if columns is None and "all" in folder.config().metrics:
        found = {label: spec for label, spec in found.items() if spec.headline} or found
    return [replace(spec.facts, name=label) for label, spec in found.items()]
