"""The kit accepts plugins that keep the rules, and finds violations of each rule."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import broken
import small_data
from awb import testing
from awb.cli import main
from awb.conformance.rules import apply, check, find_rule, rules_of
from awb.errors import UnknownNameError
from awb.plugins.discovery import Kind, load
from awb.plugins.resolve import resolve, resolve_all
from awb.plugins.session import SESSION
from awb.specs import Origin

LOCAL = {
    "explainer": [one.label for one in resolve_all(load(), "explainer", ["all"])],
    "metric": [entry.spec.name for entry in load() if entry.kind == "metric"],
    "masker": [entry.spec.name for entry in load() if entry.kind == "masker"],
    "model": ["loudness", "soundscape-cnn", "drums-crnn", "kws-cnn"],
    "dataset": ["soundscapes", "drums", "clever-hans"],
}
NOT_MEANT = {("earliest", "planted-evidence")}
"""The test plugin's explainer looks at no model, on purpose."""


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in LOCAL.items() for name in names]
)
def test_built_in_plugins_keep_every_rule(kind: Kind, name: str) -> None:
    verdicts = check(resolve(load(), kind, name), slow=False)
    broken_rules = [one for one in verdicts if one.failed and (name, one.rule) not in NOT_MEANT]
    assert not broken_rules


def test_a_folder_keeps_them_too(tmp_path: Path) -> None:
    folder = resolve(load(), "dataset", f"folder:{small_data.build(tmp_path)}")
    assert not [one for one in check(folder, slow=False) if one.failed]


def _cases() -> list[Any]:
    tables: dict[Kind, dict[str, Any]] = {
        "model": broken.MODELS,
        "metric": broken.METRICS,
        "masker": broken.MASKERS,
    }
    rows = [(kind, rule, *case) for kind, table in tables.items() for rule, case in table.items()]
    rows += [("dataset", rule, *case) for rule, some in broken.DATASETS.items() for case in some]
    rows += [
        ("explainer", rule, *case) for rule, some in broken.EXPLAINERS.items() for case in some
    ]
    return [pytest.param(*row, id=f"{row[0]}-{row[1]}-{number}") for number, row in enumerate(rows)]


@pytest.mark.parametrize(("kind", "rule", "made", "message"), _cases())
def test_broken_rules_are_found(kind: Kind, rule: str, made: Any, message: str) -> None:
    verdict = apply(find_rule(kind, rule), broken.resolved(kind, made))
    assert verdict.failed
    assert message in verdict.text
    assert verdict.advice


GOOD: dict[Kind, Any] = {
    "explainer": broken.good,
    "model": broken.GoodModel(),
    "dataset": broken.GoodDataset(),
    "metric": broken.good_metric,
}


@pytest.mark.parametrize("kind", GOOD)
def test_the_unbroken_plugins_keep_every_rule(kind: Kind) -> None:
    verdicts = check(broken.resolved(kind, GOOD[kind]), slow=False)
    assert {one.status for one in verdicts} == {"ok"}, verdicts


def test_every_rule_is_tested_by_a_plugin_that_breaks_it() -> None:
    tables: dict[Kind, Any] = {
        "explainer": broken.EXPLAINERS,
        "model": broken.MODELS,
        "dataset": broken.DATASETS,
        "metric": broken.METRICS,
        "masker": broken.MASKERS,
    }
    elsewhere = {"metadata", "settings", "classes", "worker"}
    for kind, table in tables.items():
        assert {rule.name for rule in rules_of(kind)} - set(table) <= elsewhere


@pytest.mark.parametrize(
    ("settings", "rule", "message"),
    [
        ({"citation": "TODO"}, "metadata", "its citation is 'TODO'"),
        ({"cost": " "}, "metadata", "its cost is empty"),
        ({"parameters": broken.Lenient}, "settings", "no_such_setting=1"),
    ],
)
def test_omissions_of_a_spec_are_found(settings: dict[str, Any], rule: str, message: str) -> None:
    made = broken.resolved("explainer", broken.good, **settings)
    assert message in apply(find_rule("explainer", rule), made).text


def test_classes_that_the_spec_and_the_model_name_differently_are_found() -> None:
    made = broken.resolved(
        "model", broken.GoodModel(), class_list=lambda _: (("Quiet", "Loud"), ())
    )
    assert "different classes" in apply(find_rule("model", "classes"), made).text


def test_plugins_that_workers_cannot_find_are_found() -> None:
    made = broken.resolved("explainer", broken.good)
    verdict = apply(find_rule("explainer", "worker"), made)
    assert "cannot be pickled for a worker process: " in verdict.text
    assert "unknown explainer 'broken'" in verdict.text


def test_different_results_in_a_worker_are_found() -> None:
    def elsewhere(perturber: Any, instance: Any, rng: Any) -> Any:
        import multiprocessing

        import numpy as np

        sign = 1.0 if multiprocessing.parent_process() is None else -1.0
        return sign * np.arange(perturber.n_segments)

    made = replace(broken.resolved("explainer", elsewhere), origin=Origin(SESSION, "1"))
    verdict = apply(find_rule("explainer", "worker"), made)
    assert "result in a worker process differs" in verdict.text


def test_a_missing_capability_is_not_applicable() -> None:
    from awb.protocols import RandomizableModel

    made = broken.resolved("explainer", broken.good, needs=(RandomizableModel,))
    statuses = {one.rule: one.status for one in check(made, slow=False)}
    assert statuses.pop("metadata") == statuses.pop("settings") == "ok"
    assert set(statuses.values()) == {"not applicable"}


def test_nothing_is_tried_after_a_broken_contract() -> None:
    def short(perturber: Any, instance: Any, rng: Any) -> Any:
        return [1.0]

    verdicts = check(broken.resolved("explainer", short), slow=False)
    statuses = [one.status for one in verdicts]
    place = [one.rule for one in verdicts].index("contract")
    assert statuses[: place + 1] == ["ok"] * place + ["failed"]
    assert set(statuses[place + 1 :]) == {"not tried"}


def _check(*words: str) -> Any:
    return CliRunner().invoke(main, ["check", *words])


def test_the_command_says_what_is_wrong_and_what_to_do() -> None:
    result = _check("earliest", "--no-worker")
    assert result.exit_code == 1
    assert "WRONG planted-evidence" in result.stdout
    assert "Higher relevance means more evidence" in result.stdout
    assert "10 of 11 rules are followed" in result.stdout


def test_the_command_tries_a_worker_and_prints_json() -> None:
    result = _check("zeros", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["kind"], found["rules"][-1]["rule"]) == ("masker", "worker")


def test_names_that_are_unknown_or_mean_two_things_are_explained() -> None:
    assert "Did you mean naive or ai?" in _check("naiv").output
    both = _check("clever-hans-biased", "--kind", "dataset")
    assert both.exit_code == 2
    assert "unknown dataset" in both.output


def test_the_kit_fails_a_test_of_pytest() -> None:
    assert "worker" not in testing.rules("model", slow=False)
    testing.conforms("masker", "zeros", "contract")
    with pytest.raises(AssertionError, match="explainer earliest breaks planted-evidence: the"):
        testing.conforms("explainer", "earliest", "planted-evidence")
    with pytest.raises(UnknownNameError, match="Did you mean planted-evidence"):
        testing.conforms("explainer", "earliest", "planted-evidense")
