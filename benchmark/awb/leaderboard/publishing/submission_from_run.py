"""Make submissions from a run. Every score comes from the store; none can be typed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from awb.data.instance_kinds import HITS
from awb.errors import RunError, SubmissionError, UnknownNameError
from awb.harness.config.choice import Chosen, choose
from awb.harness.config.run_config import FIXED, RunConfig
from awb.harness.run import check_unchanged, where_it_started
from awb.harness.selection.dataset_process import Source
from awb.harness.selection.manifest import Manifest, audio_sha256, prepare
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.harness.unit.record import OK
from awb.harness.unit.warm_plugins import build
from awb.intervals import FloatArray
from awb.leaderboard.submissions.canonical_json import content_sha256
from awb.leaderboard.submissions.environments import environment_of
from awb.leaderboard.submissions.files import (
    MANIFEST_NAME,
    RELEVANCE_SUFFIX,
    Submitted,
    deflated,
    manifest_text,
)
from awb.leaderboard.submissions.names import slug
from awb.leaderboard.submissions.schema import (
    FORMAT,
    MAX_TEXT,
    Credit,
    read_manifest,
    read_submission,
)
from awb.leaderboard.submissions.untrusted_json import parse
from awb.leaderboard.verification.checks import check_scores
from awb.plugins.discovery import Registry
from awb.plugins.resolve import Resolved
from awb.segments import Segments
from awb.specs import DatasetSpec

Place = tuple[str, str]
"""Clip and target."""


@dataclass(frozen=True)
class _Pair:
    """The rows of one (dataset, model) pair, and what all of its explainers share."""

    manifest: Manifest
    dataset: Resolved
    model: Resolved
    explanations: Mapping[str, Mapping[Place, ExplanationRow]]
    scores: Mapping[str, list[ScoreRow]]
    relevances: Mapping[Place, Mapping[str, FloatArray]]
    segments: Mapping[str, Segments]


def submissions(folder: RunFolder, registry: Registry, credit: Credit) -> Iterator[Submitted | str]:
    """Make one submission per dataset, model and explainer, or say why there is none."""
    _check_cut(folder)
    chosen = _chosen(folder, registry)
    check_unchanged(folder, chosen)
    with where_it_started(folder):
        pairs = list(_pairs(folder, chosen))
    for pair in pairs:
        for name, rows in pair.explanations.items():
            if any(row.status == OK for row in rows.values()):
                yield _submitted(folder, registry, chosen, pair, name, credit)
            else:
                first = next(iter(rows.values()))
                yield f"{name} on {pair.model.label}: {first.status}, {first.reason}"


def _check_cut(folder: RunFolder) -> None:
    """Refuse runs whose segments follow the sound: a submission cannot state where they are."""
    cut = folder.config().segments
    if cut != FIXED:
        raise RunError(
            f"{folder.path} has segments that follow the sound ({cut}), which submissions cannot"
            " state yet, so nobody could verify them. Type: awb run without --segments"
        )


def _chosen(folder: RunFolder, registry: Registry) -> Chosen:
    """Look up the plugins of the run; those of a file that is not loaded cannot be published."""
    try:
        return choose(folder.config(), registry)
    except UnknownNameError as error:
        found = {str(one["distribution"]) for one in folder.record()["plugins"]}
        files = sorted(name for name in found if name.endswith(".py"))
        if not files:
            raise
        raise RunError(
            f"{folder.path} was run with plugins from a file ({', '.join(files)}), which nobody"
            " else can verify. Put them into a package (awb new), install it, and type: awb run"
        ) from error


def _pairs(folder: RunFolder, chosen: Chosen) -> Iterator[_Pair]:
    """Read every (dataset, model) pair of a run, and refuse unfinished runs."""
    manifests = {(one.dataset, one.model): one for one in folder.manifests()}
    store = folder.store()
    explanations: dict[Place, dict[str, dict[Place, ExplanationRow]]] = {}
    for row in store.explanations():
        board = explanations.setdefault((row.dataset, row.model), {})
        board.setdefault(row.explainer, {})[row.clip_id, row.target] = row
    scores: dict[Place, dict[str, list[ScoreRow]]] = {}
    for score in store.scores():
        board_scores = scores.setdefault((score.dataset, score.model), {})
        board_scores.setdefault(score.explainer, []).append(score)
    rates_hz = folder.record().get("sample_rates_hz") or {}
    for dataset in chosen.datasets:
        for model in chosen.pairs[dataset.label]:
            pair = (dataset.label, model.label)
            manifest, rows = manifests.get(pair), explanations.get(pair, {})
            _check_finished(folder, manifest, rows, pair)
            if manifest is None or not manifest.kept:
                raise RunError(
                    f"{folder.path} selected no instance of {pair[0]} for {pair[1]}."
                    f" Type: awb show {folder.path}"
                )
            read_manifest(parse(manifest_text(manifest), MANIFEST_NAME), MANIFEST_NAME)
            yield _Pair(
                manifest,
                dataset,
                model,
                rows,
                scores[pair],
                store.relevances(*pair),
                _segments(dataset, manifest, int(rates_hz[model.label]), folder.config()),
            )


def _check_finished(
    folder: RunFolder,
    manifest: Manifest | None,
    rows: Mapping[str, Mapping[Place, ExplanationRow]],
    pair: Place,
) -> None:
    kept = 0 if manifest is None else len(manifest.kept)
    done = min((len(one) for one in rows.values()), default=0)
    if manifest is None or done < kept:
        raise RunError(
            f"{folder.path} is not finished: {done} of {kept or 'all'} instances of {pair[0]} for"
            f" {pair[1]}. Type: awb resume {folder.path}"
        )


def _segments(
    dataset: Resolved[DatasetSpec], manifest: Manifest, rate_hz: int, config: RunConfig
) -> dict[str, Segments]:
    """Read every clip again to check its audio, and return its segments at the model's rate."""
    source = Source(dataset, build(dataset))
    found: dict[str, Segments] = {}
    for kept in manifest.kept:
        if kept.clip_id in found:
            continue
        clip = source.load(kept.clip_id)
        if audio_sha256(clip) != kept.audio_sha256:
            raise RunError(f"the audio of clip {clip.id} has changed since it was explained")
        n_samples = int(prepare(clip, rate_hz).waveform.size)
        found[clip.id] = Segments(n_samples, rate_hz, config.segment_s, config.segment_hop_s)
    return found


def _submitted(
    folder: RunFolder,
    registry: Registry,
    chosen: Chosen,
    pair: _Pair,
    name: str,
    credit: Credit,
) -> Submitted:
    """Make one submission, with relevance in 32 bits if its scores allow."""
    plain = {
        **_shared(folder, chosen, pair),
        **_rows(pair, name),
        "format": FORMAT,
        "name": name,
        "explainer": _plugin(_explainer(chosen, name)),
        "credit": credit.model_dump(mode="json"),
    }
    values = [
        found[name]
        for kept in pair.manifest.kept
        if name in (found := pair.relevances.get((kept.clip_id, kept.target), {}))
    ]
    relevance = np.concatenate(values)
    with np.errstate(over="ignore"):
        fits = bool(np.isfinite(relevance.astype("<f4")).all())
    if fits:
        short = _sealed(plain, pair.manifest, relevance, "<f4")
        try:
            check_scores(short, registry)
        except SubmissionError:
            fits = False  # rounding changed a score: 64 bits are needed
    exact = short if fits else _sealed(plain, pair.manifest, relevance, "<f8")
    if not fits:
        check_scores(exact, registry)
    return exact


def _sealed(
    plain: dict[str, Any], manifest: Manifest, relevance: FloatArray, dtype: str
) -> Submitted:
    """Add the hashes."""
    packed = deflated(relevance, dtype)
    name = plain["name"]
    reference = {
        "file": f"{slug(name)}{RELEVANCE_SUFFIX}",
        "sha256": hashlib.sha256(packed).hexdigest(),
        "dtype": dtype,
    }
    content = {**plain, "relevance": reference}
    sealed = {**content, "sha256": content_sha256(content)}
    return Submitted(read_submission(sealed, name), manifest, packed)


def _explainer(chosen: Chosen, name: str) -> Resolved:
    """Find the explainer of a row, which may be named ``label@budget``."""
    by_label = {one.label: one for one in chosen.explainers}
    return by_label.get(name) or by_label[name.rpartition("@")[0]]


def _plugin(resolved: Resolved) -> dict[str, Any]:
    return {"label": resolved.label, **resolved.identity()}


def _shared(folder: RunFolder, chosen: Chosen, pair: _Pair) -> dict[str, Any]:
    """Make the part that all explainers of a pair share."""
    record, config = folder.record(), folder.config()
    return {
        "dataset": _plugin(pair.dataset),
        "model": _plugin(pair.model),
        "metrics": [_plugin(one) for one in chosen.metrics],
        "settings": _settings(config, chosen, int(record["sample_rates_hz"][pair.model.label])),
        "environment": environment_of(folder, pair.model.label),
        "manifest": {"file": MANIFEST_NAME, "sha256": pair.manifest.sha256},
    }


def _settings(config: RunConfig, chosen: Chosen, sample_rate_hz: int) -> dict[str, Any]:
    names = {
        "design", "samples", "budgets", "seed", "segment_s", "segment_hop_s", "clips",
        "max_event_fraction", "min_score", "robustness",
    }  # fmt: skip
    if config.robustness and config.robustness_samples is not None:
        names.add("robustness_samples")
    if config.among_first is not None:
        names.add("among_first")
    if config.instances != HITS:
        names.add("instances")
    return {
        **config.model_dump(mode="json", include=names),
        "masker": chosen.masker.label,
        "scoring_masker": chosen.scoring_masker.label,
        "sample_rate_hz": sample_rate_hz,
    }


def _rows(pair: _Pair, name: str) -> dict[str, Any]:
    """Make the columns of one explainer, in the order of the manifest."""
    places = {(one.clip_id, one.target): at for at, one in enumerate(pair.manifest.kept)}
    explanations = pair.explanations[name]
    instances = [
        {
            "clip_id": row.clip_id,
            "target": row.target,
            "n_samples": pair.segments[row.clip_id].n_samples,
            "n_cells": pair.segments[row.clip_id].n_cells,
            "status": row.status,
            "reason": "" if row.status == OK else printable(row.reason),
            "calls": row.calls,
            "forwards": float(row.forwards),
            "seconds": round(float(row.seconds + row.shared_seconds), 6),
        }
        for row in (explanations[place] for place in places)
    ]
    scores: dict[str, list[float | None]] = {}
    undefined: dict[str, dict[str, list[int]]] = {}
    for score in pair.scores[name]:
        place = (score.clip_id, score.target)
        column = scores.setdefault(score.metric, [None] * len(places))
        if np.isfinite(score.value):
            column[places[place]] = score.value
        elif explanations[place].status == OK:
            reasons = undefined.setdefault(score.metric, {})
            reason = printable(score.reason) or "no reason was given"
            reasons.setdefault(reason, []).append(places[place])
    for reasons in undefined.values():
        for found in reasons.values():
            found.sort()
    return {"instances": instances, "scores": scores, "undefined": undefined}


def printable(text: str) -> str:
    """Shorten a reason, which may come from any plugin, to one printable line."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.split())[:MAX_TEXT]
