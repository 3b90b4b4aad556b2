"""What a spot check draws, rebuilds and records, without a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awb.errors import SubmissionError
from awb.harness.config.machine import machine
from awb.harness.selection.manifest import Kept
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.run_record import other_machines
from awb.leaderboard.submissions.environments import environment_here, environment_of
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.schema import Environment, Plugin, Submission
from awb.leaderboard.verification import spot_check
from awb.leaderboard.verification.checks import UncheckedError
from awb.leaderboard.verification.comparison import ELSEWHERE
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve

NO_HASH = "0" * 64
FOREST = {"name": "forest", "parameters": {"depth": 3, "trees": 9}}


def _named(kind: Any, text: str) -> dict[str, Any]:
    """Name an installed plugin as a submission does."""
    found = resolve(load(), kind, text)
    return {"label": found.label, **found.identity()}


@pytest.fixture(scope="module")
def submitted() -> Submitted:
    """A submission of one instance that was computed on this machine; it has no files."""
    row = {"clip_id": "a.wav", "target": "Dog", "n_samples": 160_000, "n_cells": 100}
    settings = {
        "design": "pooled", "samples": 60, "budgets": None, "seed": 3, "segment_s": 0.2,
        "segment_hop_s": 0.1, "max_event_fraction": 0.3, "min_score": None, "clips": 4,
        "among_first": 50, "robustness": 0, "robustness_samples": 40, "masker": "zeros",
        "scoring_masker": "noise", "sample_rate_hz": 16_000,
    }  # fmt: skip
    plain = {
        "format": 1,
        "name": "naive",
        "dataset": _named("dataset", "soundscapes:clips=8,seed=5"),
        "model": _named("model", "soundscape-cnn"),
        "explainer": _named("explainer", "naive"),
        "metrics": [_named("metric", "roc-auc")],
        "settings": settings,
        "environment": environment_here("cpu"),
        "credit": {},
        "manifest": {"file": "_manifest.json", "sha256": NO_HASH},
        "relevance": {"file": "naive.relevance", "sha256": NO_HASH, "dtype": "<f4"},
        "instances": [
            {**row, "status": "ok", "reason": "", "calls": 97, "forwards": 97.0, "seconds": 1.0}
        ],
        "scores": {"roc-auc": [0.75]},
        "undefined": {},
        "sha256": NO_HASH,
    }
    kept = Kept("a.wav", "Dog", 0, ((1.0, 2.0),), 3.0, NO_HASH)
    manifest: Any = SimpleNamespace(kept=(kept,))
    return Submitted(Submission.model_validate(plain), manifest, b"")


def _changed(submitted: Submitted, part: str = "", /, **changes: Any) -> Submitted:
    """Change the submission, or a part of it."""
    if part:
        changes = {part: getattr(submitted.record, part).model_copy(update=changes)}
    return replace(submitted, record=submitted.record.model_copy(update=changes))


def _bench(submitted: Any, tolerance: float, **more: Any) -> Any:
    return SimpleNamespace(submitted=submitted, tolerance=tolerance, **more)


def _installed(version: str = "1.0", **changes: Any) -> Any:
    """A plugin that is installed here."""
    origin = SimpleNamespace(distribution="trees", version=version)
    identity = {**FOREST, "distribution": "trees", "version": version, **changes}
    return SimpleNamespace(origin=origin, identity=lambda: identity)


def _stated(**changes: Any) -> Plugin:
    """The plugin that a submission names."""
    plain = {"label": "forest", **FOREST, "distribution": "trees", "version": "1.0", **changes}
    return Plugin.model_validate(plain)


def test_the_same_plugin_is_compared() -> None:
    spot_check._check_plugins([_stated()] * 2, [_installed()] * 2)


def test_another_version_is_unchecked_and_told_how_to_install() -> None:
    with pytest.raises(UncheckedError) as caught:
        spot_check._check_plugins([_stated(), _stated(version="0.9")], [_installed()] * 2)
    assert str(caught.value) == (
        "forest is from trees 0.9; installed is trees 1.0. Type: python -m pip install trees==0.9"
    )


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"distribution": "woods"}, "is from woods 1.0; installed is trees 1.0"),
        ({"distribution": "woods", "version": "0.9"}, "is from woods 0.9; installed is trees 1.0"),
        (
            {"label": "wood", "name": "wood"},
            "is the plugin wood in the submission, and forest here",
        ),
        (
            {"parameters": {"depth": 3, "trees": 8}},
            (
                "is from trees 1.0, as here, but its settings differ: trees is 9 here and 8 in the"
                " submission"
            ),
        ),
        (
            {"parameters": {"leaf": "", "trees": 9}},
            (
                "is from trees 1.0, as here, but its settings differ: depth is 3 here and not in"
                " the submission; leaf is '' in the submission and not here"
            ),
        ),
    ],
)
def test_another_plugin_is_refused_with_the_difference(
    stated: dict[str, Any], message: str
) -> None:
    one = _stated(**stated)
    with pytest.raises(SubmissionError) as caught:
        spot_check._check_plugins([one], [_installed()])
    assert not isinstance(caught.value, UncheckedError)
    assert str(caught.value) == f"{one.label} {message}"


def test_an_explainer_that_is_not_here_is_unchecked(submitted: Submitted) -> None:
    absent = _changed(submitted, "explainer", label="willow", name="willow")
    with pytest.raises(UncheckedError, match="willow"):
        spot_check.same_run(absent, load())


@pytest.mark.parametrize("part", ["dataset", "model", "explainer"])
def test_every_plugin_is_of_the_same_version(part: str, submitted: Submitted) -> None:
    label = getattr(submitted.record, part).label
    with pytest.raises(UncheckedError, match=f"^{label} is from audio-where-benchmark "):
        spot_check.same_run(_changed(submitted, part, version="0.0.1"), load())


def test_every_metric_is_of_the_same_version(submitted: Submitted) -> None:
    metrics = [one.model_copy(update={"version": "0.0.1"}) for one in submitted.record.metrics]
    with pytest.raises(UncheckedError, match=r"^roc-auc is from audio-where-benchmark "):
        spot_check.same_run(_changed(submitted, metrics=metrics), load())


def test_the_run_is_that_of_the_submission(submitted: Submitted) -> None:
    config, chosen = spot_check.same_run(submitted, load())
    record = submitted.record
    [dataset, model, explainer, metric] = [
        *chosen.datasets, *chosen.models, *chosen.explainers, *chosen.metrics
    ]  # fmt: skip
    named = [record.dataset, record.model, record.explainer, *record.metrics]
    found = [one.label for one in (dataset, model, explainer, metric)]
    assert found == [one.label for one in named]
    settings = record.settings.model_dump(exclude={"sample_rate_hz"})
    assert {name: getattr(config, name) for name in settings} == settings


def test_a_run_with_budgets_has_those(submitted: Submitted) -> None:
    config, _ = spot_check.same_run(_changed(submitted, "settings", budgets=[30, 60]), load())
    assert list(config.budgets or ()) == [30, 60]


def test_a_generated_dataset_has_the_settings_of_the_submission(submitted: Submitted) -> None:
    """Another default today does not make other clips."""
    stated = submitted.record.dataset
    today = resolve(load(), "dataset", "soundscapes:clips=8")
    assert today.parameters.model_dump(mode="json") != stated.parameters
    assert spot_check._as_stated(today, stated).identity()["parameters"] == stated.parameters
    wrong = stated.model_copy(update={"parameters": {"clips": "many"}})
    assert spot_check._as_stated(today, wrong) is today


def _here(submitted: Submitted) -> Any:
    return SimpleNamespace(computed_on=submitted.record.environment.computed_on)


def test_a_machine_is_the_same_only_if_all_of_it_is(submitted: Submitted) -> None:
    there, here = submitted.record.environment, _here(submitted)
    assert spot_check._same_machine(submitted, here)
    others: dict[str, Any] = {
        "platform": "Plan 9",
        "versions": {**there.versions, "numpy": "0.1"},
        "computed_on": "abacus",
        "hardware": {**there.hardware, "processor": "abacus"},
    }
    for name, other in others.items():
        elsewhere = _changed(submitted, "environment", **{name: other})
        assert not spot_check._same_machine(elsewhere, here), name


def test_a_run_that_was_finished_elsewhere_is_of_no_machine(
    submitted: Submitted, tmp_path: Path
) -> None:
    processor = {"processor": "abacus"}
    abacus = {"platform": "Plan 9", "versions": {"numpy": "0.1"}, "hardware": processor}
    start = {"created": "", "cwd": "", "seed": 0, "config": {}, "plugins": [], **abacus}
    folder = RunFolder.create(tmp_path / "run", start)
    folder.add_to_record("other_machines", other_machines(folder.record(), [machine()]))
    stated = environment_of(folder, "loudness")
    here = machine()
    assert stated["platform"] == f"Plan 9 and {here['platform']}"
    assert stated["versions"]["numpy"] == f"0.1 and {here['versions']['numpy']}"
    assert stated["versions"]["python"] == f"none and {here['versions']['python']}"
    assert stated["hardware"]["processor"] == f"abacus and {here['hardware']['processor']}"
    assert other_machines(folder.record(), [here, here]) == [here], "each machine counts once"
    environment = Environment.model_validate({**stated, "computed_on": "cpu"})
    both = _changed(submitted, environment=environment)
    assert not spot_check._same_machine(both, _here(submitted))
    assert other_machines({**start, **here}, [here]) == []


@pytest.mark.parametrize(("tolerance", "exact"), [(0.0, True), (ELSEWHERE, False)])
def test_a_record_says_whether_numbers_were_equal(
    submitted: Submitted, tolerance: float, exact: bool
) -> None:
    bench = _bench(submitted, tolerance, facts=_here(submitted))
    found = spot_check._record(bench, [("clip-1.wav", "Loud")], 7, "B. Verifier")
    assert found.exact is exact
    assert found.submission == submitted.record.sha256
    assert [(one.clip_id, one.target) for one in found.instances] == [("clip-1.wav", "Loud")]
    assert (found.seed, found.verifier) == (7, "B. Verifier")


def _chosen(statuses: list[str], count: int, seed: int) -> tuple[int, ...]:
    rows = [SimpleNamespace(status=one) for one in statuses]
    drawn: Any = SimpleNamespace(
        record=SimpleNamespace(instances=rows), manifest=SimpleNamespace(sha256="a")
    )
    return spot_check._places(drawn, count, seed)


def test_instances_are_drawn_by_the_seed_and_one_without_an_explanation_is_among_them() -> None:
    statuses = ["ok", "failed", "ok", "ok"]
    drawn = [_chosen(statuses, 1, seed) for seed in range(40)]
    assert set(drawn) == {(1,), (0, 1), (1, 2), (1, 3)}
    assert drawn == [_chosen(statuses, 1, seed) for seed in range(40)]
    assert {_chosen(["ok"] * 4, 1, seed) for seed in range(40)} == {(0,), (1,), (2,), (3,)}
    assert _chosen(statuses, 9, 0) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("tolerance", "error", "reason"),
    [
        (0.0, SubmissionError, "the audio differs here"),
        (0.02, UncheckedError, "the audio differs here; get the dataset that the submission names"),
    ],
)
def test_other_audio_is_refused_on_the_same_machine_only(
    submitted: Submitted,
    tolerance: float,
    error: type[SubmissionError],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spot_check, "audio_sha256", lambda clip: "1" * 64)
    bench = _bench(submitted, tolerance, source=SimpleNamespace(load=lambda clip_id: None))
    workers: Any = None
    with pytest.raises(SubmissionError) as caught:
        spot_check._check(bench, 0, workers)
    row = submitted.record.instances[0]
    assert type(caught.value) is error
    assert str(caught.value) == f"{row.clip_id} ({row.target}): {reason}"
