"""The boards of published submissions: the rows of submissions that can be compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from awb.data.instance_kinds import FALSE_ALARMS
from awb.errors import AwbError, SubmissionError
from awb.harness.selection.instance_facts import InstanceFacts
from awb.harness.storage.score_table import ScoreTable, rows_of
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.harness.unit.record import OK
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import BoardData, at_budgets, make_board
from awb.leaderboard.boards.pointing import PointedAt, pointed_at
from awb.leaderboard.publishing.provenance import Spots, claimed_rows, row_notes
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.schema import Submission
from awb.leaderboard.verification.checks import readable
from awb.leaderboard.verification.recomputation import known_metrics, recomputed, stored_scoring
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry
from awb.specs import ExplainerSpec, MetricSpec

MAPS = "tf-"
"""How the names of metrics of maps begin."""

MAPS_TITLE = "Times and frequencies"
MAPS_READING = (
    "The rows whose explanation is a map: does it point at the frequencies of the events, too? The"
    " labels of this dataset have frequencies."
)

LEAST_MAPS = 3
"""Rows with a map that make a board of maps worth while."""


def each_budget(data: BoardData, group: Sequence[Submitted]) -> list[BoardData]:
    """Split the rows of submissions into one board per budget, if they have budgets."""
    budgets = group[0].record.settings.budgets
    return [data] if budgets is None else list(at_budgets(data, budgets))


def data_of(
    group: Sequence[Submitted], registry: Registry, spots: Spots = MappingProxyType({})
) -> BoardData:
    """Collect the rows of submissions that can be compared.

    The first metric, which ranks, is one that follows from the relevance if any such can rank; if
    not, only rows that were spot-checked have places.
    """
    main = _main(_metric_specs(group, registry))
    firm = [
        label
        for label, spec in main.items()
        if _can_rank(spec, group) and not _needs_model(group, label, registry)
    ]
    if firm and next(iter(main)) not in firm:
        main = {firm[0]: main[firm[0]], **main}
    specs = registry.specs(ExplainerSpec)
    baselines = frozenset(spec.name for spec in specs if spec.baseline)
    references = frozenset(spec.name for spec in specs if spec.reference)
    return BoardData(
        group[0].manifest,
        _score_table(group),
        [row for one in group for row in _explanations(one.record)],
        [replace(spec.facts, name=label) for label, spec in main.items()],
        baselines,
        group[0].record.settings.seed,
        " or ".join(sorted({one.record.environment.computed_on for one in group} - {""})),
        unranked=frozenset() if firm else claimed_rows(group, spots),
        references=references,
        told=tuple(row_notes(group, spots)),
        facts=_facts(group[0].record),
        pointed=_pointed(group, baselines | references),
    )


def _facts(record: Submission) -> dict[tuple[str, str], InstanceFacts]:
    """Compute what the rows say of the instances themselves."""
    rate_hz = record.settings.sample_rate_hz
    return {
        (row.clip_id, row.target): {"clip_s": row.n_samples / rate_hz} for row in record.instances
    }


def maps_of(
    data: BoardData, group: Sequence[Submitted], registry: Registry, spots: Spots
) -> BoardData | None:
    """Keep what is known of maps of times and frequencies; None if few rows have one.

    The metric that ranks is one of the order of a map's cells. Maps are not submitted, so only rows
    that were spot-checked have places.
    """
    metrics = [one for one in every_metric(group, registry) if one.name.startswith(MAPS)]
    metrics.sort(key=lambda one: bool(one.no_rank_reason))
    scores = [row for one in metrics for row in rows_of(data.scores, one.name)]
    drawn = {row.explainer for row in scores if math.isfinite(row.value)}
    if len(drawn - data.compared_with) < LEAST_MAPS:
        return None
    return replace(
        data,
        metrics=metrics,
        scores=[row for row in scores if row.explainer in drawn],
        explanations=[row for row in data.explanations if row.explainer in drawn],
        unranked=claimed_rows(group, spots),
        told=(),
    )


def _can_rank(spec: MetricSpec, group: Sequence[Submitted]) -> bool:
    """Say whether a metric may rank, and has values for such instances."""
    timed = group[0].manifest.times_known
    return spec.facts.ranks and (timed or spec.facts.family != "localization")


def _pointed(group: Sequence[Submitted], baselines: frozenset[str]) -> tuple[PointedAt, ...]:
    """Summarize where explanations of false alarms point; nothing for other kinds."""
    first = group[0]
    if first.kind != FALSE_ALARMS:
        return ()
    found: dict[tuple[str, str], dict[str, FloatArray]] = {}
    for one in group:
        for row, relevance in zip(one.record.instances, one.relevance, strict=True):
            if relevance is not None:
                found.setdefault((row.clip_id, row.target), {})[one.record.name] = relevance
    hop_s = first.record.settings.segment_hop_s
    return pointed_at(first.manifest.kept, found, hop_s, without=baselines)


def _needs_model(group: Sequence[Submitted], label: str, registry: Registry) -> bool:
    """Say whether a metric cannot be computed from the relevance that was submitted."""
    for one in group:
        record = one.record
        known = known_metrics([m for m in record.metrics if m.label == label], registry)
        explained = [
            (row, relevance)
            for row, relevance in zip(record.instances, one.relevance, strict=True)
            if relevance is not None
        ]
        if not known or not explained:
            continue
        row, relevance = explained[0]
        spans = np.asarray(one.kept[row.clip_id, row.target].intervals_s, dtype=np.float64)
        where = (row.clip_id, row.target)
        scoring = stored_scoring(record, *where, relevance, spans, one.segments(row))
        return recomputed(known[0], scoring) is None
    return False


def board_of(data: BoardData) -> Board:
    """Make a board, with every text from a plugin on a single line."""
    board = make_board(data)
    return replace(
        board,
        problems=tuple(map(readable, board.problems)),
        notes=tuple(map(readable, board.notes)),
        skipped={readable(reason): count for reason, count in board.skipped.items()},
    )


def every_metric(group: Sequence[Submitted], registry: Registry) -> list[MetricFacts]:
    """List all submitted metrics that are installed, the main ones first."""
    specs = _metric_specs(group, registry)
    main = _main(specs)
    rest = {label: spec for label, spec in specs.items() if label not in main}
    return [replace(spec.facts, name=label) for label, spec in {**main, **rest}.items()]


def _metric_specs(group: Sequence[Submitted], registry: Registry) -> dict[str, MetricSpec]:
    """Look up the submitted metrics that are installed, by label."""
    orders = {tuple(one.label for one in each.record.metrics) for each in group}
    labels = list(dict.fromkeys(label for order in orders for label in order))
    if len(orders) > 1:  # no single entry decides what ranks
        place = {spec.name: at for at, spec in enumerate(registry.specs(MetricSpec))}
        labels.sort(key=lambda one: (place.get(one.partition(":")[0], len(place)), one))
    found: dict[str, MetricSpec] = {}
    for label in labels:
        try:
            found[label] = registry.get("metric", label.partition(":")[0]).spec
        except AwbError:
            continue
    if not found:
        raise SubmissionError("none of the submitted metrics is installed")
    return found


def _main(specs: dict[str, MetricSpec]) -> dict[str, MetricSpec]:
    """Choose the main metrics, or all of them if none is."""
    return {label: spec for label, spec in specs.items() if spec.headline} or specs


def _explanations(record: Submission) -> Iterator[ExplanationRow]:
    for row in record.instances:
        yield ExplanationRow(
            record.dataset.label,
            record.model.label,
            record.name,
            row.clip_id,
            row.target,
            row.status,
            row.reason,
            row.calls,
            row.forwards,
            row.seconds,
        )


def scores_of(record: Submission) -> Iterator[ScoreRow]:
    """Yield every score of a submission as the store would, with NaN where it is undefined."""
    row = (record.dataset.label, record.model.label, record.name)
    for label, values, reasons in _columns(record):
        for one, value, reason in zip(record.instances, values, reasons, strict=True):
            yield ScoreRow(*row, one.clip_id, one.target, label, value, reason)


def _score_table(group: Sequence[Submitted]) -> ScoreTable:
    """Collect the scores of some submissions, column by column."""
    found = ScoreTable()
    for one in group:
        record = one.record
        row = (record.dataset.label, record.model.label, record.name)
        places = [(each.clip_id, each.target) for each in record.instances]
        for label, values, reasons in _columns(record):
            found.append_column(row, label, places, values, reasons)
    return found


def _columns(record: Submission) -> Iterator[tuple[str, list[float], list[str]]]:
    """Yield the label, the values and the reasons for missing values of every metric."""
    because = [
        "" if row.status == OK else f"{row.status}: {row.reason}" for row in record.instances
    ]
    for label, column in record.scores.items():
        reasons = because.copy()
        for reason, places in record.undefined.get(label, {}).items():
            for place in places:
                if place < len(because) and not because[place]:
                    reasons[place] = reason
        yield label, [math.nan if value is None else value for value in column], reasons
