"""Recompute instances of a submission with the plugins that are installed here."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from awb.data.class_index import ClassIndex
from awb.data.instance_kinds import FALSE_ALARMS, MISSES
from awb.data.skipped import Skipped
from awb.errors import AwbError, DataError, SubmissionError
from awb.harness.config.choice import Chosen, choose
from awb.harness.config.machine import machine
from awb.harness.config.run_config import RunConfig, make_config
from awb.harness.selection.dataset_process import Source
from awb.harness.selection.manifest import Kept, audio_sha256, decide, make_instance, prepare
from awb.harness.selection.repeats import explained_again
from awb.harness.selection.selector import false_alarms_of
from awb.harness.steps import steps
from awb.harness.unit.blinding import needs_blinding
from awb.harness.unit.record import OK, Plan, Unit, UnitResult
from awb.harness.unit.task import explain_unit, in_two_processes
from awb.harness.unit.warm_plugins import ModelFacts, build, model_facts, score_clip
from awb.harness.workers.processes import Processes
from awb.harness.workers.single_task import as_awb_error
from awb.leaderboard.submissions.environments import environment_here
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.names import folder_name
from awb.leaderboard.submissions.schema import Plugin
from awb.leaderboard.submissions.sealed_files import sealed
from awb.leaderboard.submissions.spot_records import SpotRecord, write_spots
from awb.leaderboard.verification.checks import UncheckedError, Verdict, readable
from awb.leaderboard.verification.comparison import ELSEWHERE, compare
from awb.leaderboard.verification.tolerance import same
from awb.perturbation.cache import ScoreCache
from awb.plugins.discovery import Registry
from awb.plugins.resolve import Resolved
from awb.randomness import RandomKey
from awb.specs import DatasetSpec
from awb.types import Clip


@dataclass(frozen=True, slots=True)
class _Bench:
    """Everything that is needed to recompute an instance."""

    submitted: Submitted
    plan: Plan
    facts: ModelFacts
    source: Source
    again: frozenset[Kept]
    tolerance: float


def draw_spot_seed() -> int:
    """Draw the seed of a spot check from the machine's entropy, so that no author knows it."""
    return secrets.randbelow(10**12)


def spot_check(
    submitted: Submitted,
    registry: Registry,
    count: int,
    *,
    seed: int,
    cache: ScoreCache | None = None,
) -> tuple[_Bench, tuple[int, ...]]:
    """Recompute random instances, and compare labels, audio, relevance and all scores.

    The choice depends on the seed and the manifest alone: nothing that an author can vary for one
    submission moves it. So the rows of a board ask the model the same, and may share a cache that
    was empty before. One instance without an explanation is always among them, if there is one.
    """
    bench = _bench(submitted, registry, cache)
    places = _places(submitted, count, seed)
    with Processes(1) as workers:
        for place in steps(places, "Recomputing instances"):
            _check(bench, place, workers)
    return bench, places


def _bench(submitted: Submitted, registry: Registry, cache: ScoreCache | None) -> _Bench:
    """Prepare the recomputation; raise `UncheckedError` where something is missing here."""
    record = submitted.record
    try:
        config, chosen = same_run(submitted, registry)
        facts = model_facts(chosen.models[0])
        source = Source(chosen.datasets[0], build(chosen.datasets[0]))
    except (UncheckedError, SubmissionError):
        raise
    except AwbError as error:
        raise UncheckedError(str(error)) from error
    if facts.weights_sha256 != submitted.manifest.weights_sha256:
        raise UncheckedError(
            f"the weights of {record.model.label} differ here: their hash is"
            f" {facts.weights_sha256[:12] or 'unknown'}, that of the submission's"
            f" {submitted.manifest.weights_sha256[:12] or 'unknown'}; install those"
        )
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
    if not needs_blinding(plan):  # nobody else's explainer may write what awb's own rows read
        plan = replace(plan, cache=cache)
    return _Bench(
        submitted,
        plan,
        facts,
        source,
        explained_again(submitted.manifest.kept, plan),
        0.0 if _same_machine(submitted, facts) else ELSEWHERE,
    )


def _places(submitted: Submitted, count: int, seed: int) -> tuple[int, ...]:
    """Choose instances, and one without an explanation: a cheat would hide the hard ones there."""
    rows = submitted.record.instances
    rng = RandomKey((seed, "spot check", submitted.manifest.sha256)).generator("instances")
    found = set(rng.choice(len(rows), size=min(count, len(rows)), replace=False).tolist())
    without = [place for place, row in enumerate(rows) if row.status != OK]
    if without and not found & set(without):
        found.add(int(rng.choice(without)))
    return tuple(sorted(found))


def with_spot_check(
    verdict: Verdict,
    registry: Registry,
    count: int,
    *,
    seed: int,
    verifier: str | None = None,
    cache: ScoreCache | None = None,
) -> Verdict:
    """Add a spot check to a verdict that passed, and record it if there is a verifier."""
    submitted = verdict.submitted
    if submitted is None:
        return verdict
    try:
        bench, places = spot_check(submitted, registry, count, seed=seed, cache=cache)
        rows = [submitted.record.instances[place] for place in places]
        spots = tuple((row.clip_id, row.target) for row in rows)
        if verifier is not None:
            write_spots(_record(bench, spots, seed, verifier), verdict.path)
    except UncheckedError as error:
        return replace(verdict, seed=seed, unchecked=f"no spot check: {readable(str(error))}")
    except AwbError as error:
        reason = f"spot check with seed {seed}: {readable(str(error))}"
        return Verdict(verdict.path, reason, seed=seed)
    return replace(verdict, spots=spots, seed=seed)


def _record(
    bench: _Bench, spots: Sequence[tuple[str, str]], seed: int, verifier: str
) -> SpotRecord:
    """Describe a spot check that a submission passed."""
    record = bench.submitted.record
    return sealed(
        SpotRecord,
        {
            "format": 1,
            "submission": record.sha256,
            "name": record.name,
            "board": folder_name(record),
            "seed": seed,
            "instances": [{"clip_id": clip_id, "target": target} for clip_id, target in spots],
            "exact": bench.tolerance == 0,
            "verifier": verifier,
            "environment": environment_here(bench.facts.computed_on),
        },
    )


def _same_machine(submitted: Submitted, facts: ModelFacts) -> bool:
    """Say whether this machine must reproduce all numbers exactly."""
    there, here = submitted.record.environment, machine()
    return (
        there.platform == here["platform"]
        and there.versions == here["versions"]
        and there.computed_on == facts.computed_on
        and there.hardware.get("processor") == here["hardware"]["processor"]
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
    try:
        chosen = choose(config, registry)
    except AwbError as error:
        raise UncheckedError(str(error)) from error
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
        if there == identity:
            continue
        if one.distribution == here.origin.distribution and one.version != here.origin.version:
            raise UncheckedError(
                f"{one.label} {_mismatch(there, identity)}. Type: python -m pip install"
                f" {shlex.quote(f'{one.distribution}=={one.version}')}"
            )
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


def _check(bench: _Bench, place: int, workers: Processes) -> None:
    """Recompute one instance and compare it."""
    record = bench.submitted.record
    row = record.instances[place]
    kept = bench.submitted.kept[row.clip_id, row.target]
    where = f"{row.clip_id} ({row.target})"
    try:
        clip = bench.source.load(row.clip_id)
    except AwbError as error:
        raise UncheckedError(f"{where} cannot be read here: {error}") from error
    if audio_sha256(clip) != kept.audio_sha256:
        told = f"{where}: the audio differs here"
        if bench.tolerance:  # another decoder, or another release of the dataset
            raise UncheckedError(f"{told}; get the dataset that the submission names")
        raise SubmissionError(told)
    prepared = prepare(clip, bench.facts.sample_rate_hz)
    if prepared.waveform.size != row.n_samples:
        raise SubmissionError(f"{where}: the length of the clip differs here")
    _check_selection(bench, kept, where)
    instance = make_instance(bench.plan.dataset.spec.name, clip, kept, bench.facts.sample_rate_hz)
    again = kept in bench.again
    key = bench.plan.unit_key(kept.audio_sha256, kept.clip_id, kept.target, again=again)
    unit = Unit(key, bench.plan, instance, again)
    found = {one.explainer: one for one in _explained(unit, workers).explainers}
    if record.name not in found:
        raise SubmissionError(f"{where}: {record.explainer.label} has no row {record.name}")
    compare(bench.submitted, place, unit, found[record.name], bench.tolerance)


def _explained(unit: Unit, workers: Processes) -> UnitResult:
    """Explain an instance, apart from its labels if the explainer is not part of awb."""
    if not needs_blinding(unit.plan):
        return explain_unit(unit)
    [(_, result)] = workers.map(explain_unit, [unit], apart=in_two_processes(unit.plan))
    if isinstance(result, Exception):
        raise as_awb_error(result, unit.plan.explainers[0].label)
    return result


def _check_selection(bench: _Bench, kept: Kept, where: str) -> None:
    """Select the instance again, and compare its events and the model's score."""
    for one in _decided(bench, bench.source.load(kept.clip_id), kept.class_index):
        if isinstance(one, Kept) and (one.target, one.class_index) == (
            kept.target,
            kept.class_index,
        ):
            if _labelled(one) != _labelled(kept):
                raise SubmissionError(f"{where}: the events of the dataset differ here")
            if not same(kept.score, one.score, bench.tolerance):
                raise SubmissionError(
                    f"{where}: the model scores {one.score:g}, not {kept.score:g}"
                )
            return
    raise SubmissionError(f"{where} is not selected here")


def _decided(bench: _Bench, clip: Clip, class_index: int) -> Iterable[Kept | Skipped]:
    """Decide about a clip as the run did, at a threshold that another machine may just miss."""
    config, facts = bench.plan.config, bench.facts
    kind, index = config.instances, ClassIndex(facts)
    scores = score_clip(bench.plan.model, prepare(clip, facts.sample_rate_hz))
    least = facts.decision_threshold if config.min_score is None else config.min_score
    least += bench.tolerance if kind == MISSES else -bench.tolerance
    if kind != FALSE_ALARMS:
        return decide(
            clip,
            scores,
            index,
            max_event_fraction=config.max_event_fraction,
            min_score=least,
            kind=kind,
        )
    alarms = false_alarms_of(bench.source, facts, config.model_copy(update={"min_score": least}))
    found = list(alarms.decide(clip, scores))
    for clip_id in list(bench.source.dataset.clip_ids())[: config.among_first]:
        if alarms.knows(class_index):
            break
        try:
            alarms.learn(bench.source.load(clip_id))
        except DataError:  # which the run left out, too
            continue
    return alarms.known(found)


def _labelled(kept: Kept) -> tuple[Any, ...]:
    """Return what the labels of a clip say of an instance."""
    return kept.intervals_s, kept.others, kept.duration_s
