"""Recompute instances of a submission with the plugins that are installed here."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from awb.data.class_index import ClassIndex
from awb.errors import AwbError, SubmissionError
from awb.harness.config.choice import Chosen, choose
from awb.harness.config.run_config import RunConfig, make_config
from awb.harness.selection.dataset_process import Source
from awb.harness.selection.manifest import Kept, audio_sha256, decide, make_instance, prepare
from awb.harness.selection.repeats import explained_again
from awb.harness.storage.run_record import hardware, library_versions
from awb.harness.unit.record import ExplainerResult, Plan, Unit
from awb.harness.unit.task import explain_unit
from awb.harness.unit.warm_plugins import ModelFacts, build, model_facts, score_clip
from awb.intervals import FloatArray
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.schema import Plugin, Row
from awb.leaderboard.verification.checks import Verdict, readable, same
from awb.plugins.discovery import Registry
from awb.plugins.resolve import Resolved
from awb.randomness import RandomKey
from awb.specs import DatasetSpec

ELSEWHERE = 0.02
"""The tolerance on other platforms: for scores, times their size if that is above 1; for relevance,
as a fraction of its largest value."""


@dataclass(frozen=True, slots=True)
class _Bench:
    """Everything that is needed to recompute an instance."""

    submitted: Submitted
    plan: Plan
    facts: ModelFacts
    source: Source
    again: frozenset[Kept]
    tolerance: float


def spot_check(submitted: Submitted, registry: Registry, count: int, *, seed: int = 0) -> int:
    """Recompute random instances, and compare labels, audio, relevance and all scores."""
    record = submitted.record
    config, chosen = same_run(submitted, registry)
    facts = model_facts(chosen.models[0])
    if facts.weights_sha256 != submitted.manifest.weights_sha256:
        raise SubmissionError(f"the weights of {record.model.label} differ here")
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
        0.0 if _same_machine(submitted, facts) else ELSEWHERE,
    )
    rng = RandomKey((seed, "spot check", record.sha256)).generator("instances")
    n_rows = len(record.instances)
    places = sorted(rng.choice(n_rows, size=min(count, n_rows), replace=False).tolist())
    for place in places:
        _check(bench, place)
    return len(places)


def with_spot_check(verdict: Verdict, registry: Registry, count: int, *, seed: int = 0) -> Verdict:
    """Add a spot check to a verdict that passed."""
    if verdict.submitted is None:
        return verdict
    try:
        spots = spot_check(verdict.submitted, registry, count, seed=seed)
    except AwbError as error:
        return Verdict(verdict.path, f"spot check: {readable(str(error))}")
    return replace(verdict, spots=spots)


def _same_machine(submitted: Submitted, facts: ModelFacts) -> bool:
    """Say whether this machine must reproduce all numbers exactly."""
    there = submitted.record.environment
    return (
        there.platform == platform.platform()
        and there.versions == library_versions()
        and there.computed_on == facts.computed_on
        and there.hardware.get("processor") == hardware()["processor"]
    )


def same_run(submitted: Submitted, registry: Registry) -> tuple[RunConfig, Chosen]:
    """Rebuild the configuration of the run, for this explainer only."""
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
    ).model_copy(update={"robustness_samples": record.settings.robustness_samples})
    chosen = choose(config, registry)
    chosen = replace(chosen, datasets=[_as_stated(chosen.datasets[0], record.dataset)])
    _check_plugins(record.metrics, chosen.metrics)
    named = [record.dataset, record.model, record.explainer]
    _check_plugins(named, [chosen.datasets[0], chosen.models[0], chosen.explainers[0]])
    return config, chosen


def _as_stated(dataset: Resolved[DatasetSpec], stated: Plugin) -> Resolved[DatasetSpec]:
    """Open a generated dataset with all settings of a submission, whatever is the default today."""
    if dataset.spec.shadow is None:
        return dataset
    try:
        parameters = dataset.spec.parameters.model_validate(stated.parameters)
    except ValidationError:
        return dataset
    return replace(dataset, parameters=parameters)


def _check_plugins(named: Sequence[Plugin], found: Sequence[Resolved]) -> None:
    """Refuse to compare results of different plugins."""
    for one, here in zip(named, found, strict=True):
        there, identity = one.model_dump(mode="json", exclude={"label"}), here.identity()
        if there != identity:
            raise SubmissionError(f"{one.label} {_mismatch(there, identity)}")


def _mismatch(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Say in which respect the plugin of a submission is not the installed one."""
    origin = [f"{one['distribution']} {one['version']}" for one in (there, here)]
    if origin[0] != origin[1]:
        return f"is from {origin[0]}; installed is {origin[1]}"
    if there["name"] != here["name"]:
        return f"is the plugin {there['name']} in the submission, and {here['name']} here"
    claimed, own = there["parameters"], here["parameters"]
    found = [
        _setting(name, claimed, own)
        for name in sorted(claimed.keys() | own.keys())
        if name not in claimed or name not in own or claimed[name] != own[name]
    ]
    return f"is from {origin[0]}, as here, but its settings differ: {'; '.join(found)}"


def _setting(name: str, claimed: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Say what one setting is here and in the submission."""
    values = [repr(given[name]) if name in given else "" for given in (own, claimed)]
    if not values[1]:
        return f"{name} is {values[0]} here and not in the submission"
    if not values[0]:
        return f"{name} is {values[1]} in the submission and not here"
    return f"{name} is {values[0]} here and {values[1]} in the submission"


def _check(bench: _Bench, place: int) -> None:
    """Recompute one instance and compare it."""
    record = bench.submitted.record
    row = record.instances[place]
    kept = bench.submitted.kept[row.clip_id, row.target]
    where = f"{row.clip_id} ({row.target})"
    clip = bench.source.load(row.clip_id)
    if audio_sha256(clip) != kept.audio_sha256:
        raise SubmissionError(f"{where}: the audio differs here")
    prepared = prepare(clip, bench.facts.sample_rate_hz)
    if prepared.waveform.size != row.n_samples:
        raise SubmissionError(f"{where}: the length of the clip differs here")
    _check_selection(bench, kept, where)
    instance = make_instance(bench.plan.dataset.spec.name, clip, kept, bench.facts.sample_rate_hz)
    again = kept in bench.again
    key = bench.plan.unit_key(kept.audio_sha256, kept.clip_id, kept.target, again=again)
    result = explain_unit(Unit(key, bench.plan, instance, again))
    found = {one.explainer: one for one in result.explainers}
    if record.name not in found:
        raise SubmissionError(f"{where}: {record.explainer.label} has no row {record.name}")
    _compare(bench, place, row, found[record.name], where)


def _check_selection(bench: _Bench, kept: Kept, where: str) -> None:
    """Select the instance again, and compare its events and the model's score."""
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
                raise SubmissionError(f"{where}: the events of the dataset differ here")
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
        raise SubmissionError(
            f"{where}: the relevance differs by {difference:.2g} of its largest value"
        )
    for label, (value, _) in found.scores.items():
        claim = record.scores[label][place]
        if not same(claim, value, bench.tolerance):
            raise SubmissionError(f"{where}: {label} is {value:.6g} here, not {claim} as claimed")


def _difference(published: FloatArray, found: FloatArray, dtype: str) -> float:
    """Return the largest difference, as a fraction of the largest relevance."""
    if published.size != found.size:
        return float("inf")
    rounded = found.astype(dtype).astype(np.float64)
    largest = max(float(np.abs(rounded).max()), float(np.abs(published).max()))
    return 0.0 if largest == 0 else float(np.abs(rounded - published).max()) / largest
