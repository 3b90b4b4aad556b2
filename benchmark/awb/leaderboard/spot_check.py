"""Compute instances of a submission anew, with the plugins that are installed here."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from awb.errors import AwbError, SubmissionError
from awb.harness.choosing import Chosen, choose, hardware, library_versions
from awb.harness.classes import ClassIndex
from awb.harness.config import RunConfig, make_config
from awb.harness.reading import Source
from awb.harness.repeating import explained_again
from awb.harness.resolve import Resolved
from awb.harness.selection import Kept, audio_sha256, decide, make_instance, prepare
from awb.harness.units import ExplainerResult, Plan, Unit
from awb.harness.worker import ModelFacts, build, explain_unit, model_facts, score_clip
from awb.intervals import FloatArray
from awb.leaderboard.submission import Plugin, Row
from awb.leaderboard.submitted import Submitted
from awb.leaderboard.verifying import Verdict, readable, same
from awb.plugins import Registry
from awb.randomness import RandomKey

ELSEWHERE = 0.02
"""On another platform: scores within this, times their size above 1; relevance within this part of
its largest value."""


@dataclass(frozen=True, slots=True)
class _Bench:
    """Everything that is needed to compute an instance again."""

    submitted: Submitted
    plan: Plan
    facts: ModelFacts
    source: Source
    again: frozenset[Kept]
    tolerance: float


def spot_check(submitted: Submitted, registry: Registry, count: int, *, seed: int = 0) -> int:
    """Compute instances anew and compare: labels, audio, the model's score, relevance, scores.

    Parameters
    ----------
    submitted : Submitted
        A submission that passes without the model.
    registry : Registry
        What is installed.
    count : int
        Number of instances, at least 1.
    seed : int
        Of the choice.

    Returns
    -------
    int
        Instances that were computed.

    Raises
    ------
    SubmissionError
        If something is not what was published; exactly on the platform and with the versions that
        it was published from, within `ELSEWHERE` anywhere else.
    AwbError
        If a plugin is missing, or the data cannot be read.
    """
    record = submitted.record
    config, chosen = _same_run(submitted, registry)
    facts = model_facts(chosen.models[0])
    if facts.weights_sha256 != submitted.manifest.weights_sha256:
        raise SubmissionError(f"the weights of {record.model.label} are others here")
    plan = Plan(
        dataset=chosen.datasets[0],
        model=chosen.models[0],
        weights_sha256=facts.weights_sha256,
        explainers=chosen.explainers,
        metrics=chosen.metrics,
        masker=chosen.masker,
        scoring_masker=chosen.scoring_masker,
        config=config,
        computed_on=facts.computed_on,
    )
    bench = _Bench(
        submitted,
        plan,
        facts,
        Source(plan.dataset, build(plan.dataset)),
        explained_again(submitted.manifest.kept, plan),
        0.0 if _at_home(submitted, facts) else ELSEWHERE,
    )
    rng = RandomKey((seed, "spot check", record.sha256)).generator("instances")
    n_rows = len(record.instances)
    places = sorted(rng.choice(n_rows, size=min(count, n_rows), replace=False).tolist())
    for place in places:
        _check(bench, place)
    return len(places)


def with_spot_check(verdict: Verdict, registry: Registry, count: int, *, seed: int = 0) -> Verdict:
    """Add a spot check to a verdict that passes so far; see `spot_check`.

    Parameters
    ----------
    verdict : Verdict
        From `awb.leaderboard.verifying.verify`.
    registry : Registry
        What is installed.
    count, seed : int
        Number of instances, and seed of their choice.

    Returns
    -------
    Verdict
        Refused where something differs, or cannot be computed here.
    """
    if verdict.submitted is None:
        return verdict
    try:
        spots = spot_check(verdict.submitted, registry, count, seed=seed)
    except AwbError as error:
        return Verdict(verdict.path, f"spot check: {readable(str(error))}")
    return replace(verdict, spots=spots)


def _at_home(submitted: Submitted, facts: ModelFacts) -> bool:
    """Say whether the same numbers must come out to the last digit."""
    there = submitted.record.environment
    return (
        there.platform == platform.platform()
        and there.versions == library_versions()
        and there.computed_on == facts.computed_on
        and there.hardware.get("processor") == hardware()["processor"]
    )


def _same_run(submitted: Submitted, registry: Registry) -> tuple[RunConfig, Chosen]:
    """Make the configuration again, of this one explainer."""
    record = submitted.record
    settings = record.settings.model_dump(exclude={"sample_rate_hz"})
    if settings["budgets"] is not None:
        settings["samples"] = None
    config = make_config(
        datasets=[record.dataset.label],
        models=[record.model.label],
        explainers=[record.explainer.label],
        baselines=False,
        metrics=[one.label for one in record.metrics],
        device=record.model.parameters.get("device"),
        precision=record.model.parameters.get("precision"),
        **settings,
    )
    chosen = choose(config, registry)
    _check_plugins(record.metrics, chosen.metrics)
    named = [record.dataset, record.model, record.explainer]
    _check_plugins(named, [chosen.datasets[0], chosen.models[0], chosen.explainers[0]])
    return config, chosen


def _check_plugins(named: Sequence[Plugin], found: Sequence[Resolved]) -> None:
    """Refuse to compare what other plugins computed."""
    for one, here in zip(named, found, strict=True):
        identity = here.identity()
        if one.model_dump(mode="json", exclude={"label"}) != identity:
            raise SubmissionError(
                f"{one.label} is of {one.distribution} {one.version}; here is"
                f" {identity['distribution']} {identity['version']}, or its settings differ"
            )


def _check(bench: _Bench, place: int) -> None:
    """Compare one instance with what comes out here."""
    record = bench.submitted.record
    row = record.instances[place]
    kept = bench.submitted.kept[row.clip_id, row.target]
    where = f"{row.clip_id} ({row.target})"
    clip = bench.source.load(row.clip_id)
    if audio_sha256(clip) != kept.audio_sha256:
        raise SubmissionError(f"{where}: the audio is another here")
    heard = prepare(clip, bench.facts.sample_rate_hz)
    if heard.waveform.size != row.n_samples:
        raise SubmissionError(f"{where}: the clip has another length")
    _check_selection(bench, kept, where)
    instance = make_instance(bench.plan.dataset.spec.name, clip, kept, bench.facts.sample_rate_hz)
    again = kept in bench.again
    key = bench.plan.unit_key(kept.audio_sha256, kept.clip_id, kept.target, again=again)
    result = explain_unit(Unit(key, bench.plan, instance, again))
    found = {one.explainer: one for one in result.explainers}
    if record.name not in found:
        raise SubmissionError(f"{where}: {record.explainer.label} makes no row {record.name}")
    _compare(bench, place, row, found[record.name], where)


def _check_selection(bench: _Bench, kept: Kept, where: str) -> None:
    """Decide about the instance again: its times are the dataset's, its score is the model's."""
    clip = bench.source.load(kept.clip_id)
    config, own = bench.plan.config, bench.facts.decision_threshold
    scores = score_clip(bench.plan.model, prepare(clip, bench.facts.sample_rate_hz))
    decided = decide(
        clip,
        scores,
        ClassIndex(bench.facts),
        max_event_fraction=config.max_event_fraction,
        min_score=(own if config.min_score is None else config.min_score) - bench.tolerance,
    )
    for one in decided:
        if isinstance(one, Kept) and (one.target, one.class_index) == (
            kept.target,
            kept.class_index,
        ):
            if one.intervals_s != kept.intervals_s:
                raise SubmissionError(f"{where}: the dataset has other events")
            if not same(kept.score, one.score, bench.tolerance):
                raise SubmissionError(
                    f"{where}: the model scores {one.score:g}, not {kept.score:g}"
                )
            return
    raise SubmissionError(f"{where} is not selected here")


def _compare(bench: _Bench, place: int, row: Row, found: ExplainerResult, where: str) -> None:
    """Compare status, calls, relevance and every score."""
    record = bench.submitted.record
    if (found.status, found.cost.calls) != (row.status, row.calls):
        raise SubmissionError(
            f"{where}: {found.status} after {found.cost.calls} calls, not {row.status} after"
            f" {row.calls}. {found.reason}"
        )
    published = bench.submitted.relevance[place]
    if published is None or found.relevance is None:
        return
    difference = _difference(published, found.relevance, record.relevance.dtype)
    if difference > bench.tolerance:
        raise SubmissionError(f"{where}: the relevance differs by {difference:.2g} of its largest")
    for label, (value, _) in found.scores.items():
        claim = record.scores[label][place]
        if not same(claim, value, bench.tolerance):
            raise SubmissionError(f"{where}: {label} is {value:.6g} here, claimed is {claim}")


def _difference(published: FloatArray, found: FloatArray, dtype: str) -> float:
    """Measure the largest difference, as a part of the largest relevance."""
    if published.size != found.size:
        return float("inf")
    rounded = found.astype(dtype).astype(np.float64)
    largest = max(float(np.abs(rounded).max()), float(np.abs(published).max()))
    return 0.0 if largest == 0 else float(np.abs(rounded - published).max()) / largest
