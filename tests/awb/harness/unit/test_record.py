"""What the key of a unit depends on, and what it does not depend on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from awb.harness.config.run_config import make_config
from awb.harness.unit.record import Plan
from awb.plugins.discovery import Kind, load
from awb.plugins.resolve import Resolved, resolve


def _one(kind: Kind, text: str) -> Resolved:
    return resolve(load(), kind, text)


PLAN = Plan(
    dataset=_one("dataset", "soundscapes"),
    model=_one("model", "loudness"),
    weights_sha256="w",
    explainers=(_one("explainer", "naive"), _one("explainer", "lime")),
    metrics=(_one("metric", "roc-auc"),),
    masker=_one("masker", "zeros"),
    scoring_masker=_one("masker", "zeros"),
    config=make_config(datasets=["soundscapes"], models=["loudness"], samples=100),
)


def _key(plan: Plan) -> str:
    return plan.unit_key("hash", "clip", "dog")


def _settings(**changed: Any) -> Plan:
    return replace(PLAN, config=PLAN.config.model_copy(update=changed))


KEY = _key(PLAN)

OTHERS = {
    "audio": PLAN.unit_key("other", "clip", "dog"),
    "clip": PLAN.unit_key("hash", "clap", "dog"),
    "target": PLAN.unit_key("hash", "clip", "owl"),
    "robustness": PLAN.unit_key("hash", "clip", "dog", again=False),
    "dataset": _key(replace(PLAN, dataset=_one("dataset", "soundscapes:clips=7"))),
    "model": _key(replace(PLAN, model=_one("model", "yamnet"))),
    "settings of the model": _key(replace(PLAN, model=_one("model", "yamnet:hop_s=0.1"))),
    "weights": _key(replace(PLAN, weights_sha256="x")),
    "explainers": _key(replace(PLAN, explainers=PLAN.explainers[:1])),
    "settings of an explainer": _key(
        replace(PLAN, explainers=(_one("explainer", "naive:window_s=1"), PLAN.explainers[1]))
    ),
    "order of explainers": _key(replace(PLAN, explainers=PLAN.explainers[::-1])),
    "metrics": _key(replace(PLAN, metrics=(_one("metric", "ff@10"),))),
    "settings of a metric": _key(replace(PLAN, metrics=(_one("metric", "roc-auc:labels=strict"),))),
    "masker": _key(replace(PLAN, masker=_one("masker", "noise"))),
    "masker of the metrics": _key(replace(PLAN, scoring_masker=_one("masker", "noise"))),
    "samples": _key(_settings(samples=101)),
    "seed": _key(_settings(seed=1)),
    "segments": _key(_settings(segment_s=0.5)),
    "hop": _key(_settings(segment_hop_s=0.05)),
    "segments that follow the sound": _key(_settings(segments="onsets")),
    "budgets": _key(_settings(budgets=(50, 100))),
    "design": _key(_settings(design="windows")),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_results_depend_on_changes_the_key(name: str) -> None:
    assert OTHERS[name] != KEY


def test_no_two_changes_share_a_key() -> None:
    assert len(set(OTHERS.values())) == len(OTHERS)


@pytest.mark.parametrize(
    "changed", [{"clips": 3}, {"max_event_fraction": 0.5}, {"min_score": 2.0}, {"device": "cpu"}]
)
def test_selection_and_device_do_not_change_the_key(changed: dict[str, Any]) -> None:
    assert _key(_settings(**changed)) == KEY
    assert _key(replace(PLAN, computed_on="cuda")) == KEY
