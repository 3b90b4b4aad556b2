"""Who finds planted evidence, and who cannot: the claims of docs/planted-evidence.md."""

from __future__ import annotations

from typing import Any

import pytest

import planted
from awb_plugins.explainers import awb_explainers

SPECS = {spec.name: spec for spec in awb_explainers()}


def _found(name: str, scenario: str, **settings: Any) -> list[float]:
    place = planted.PLACES[0]
    return planted.found(SPECS[name], planted.SCENARIOS[scenario](*place), **settings)


SURROGATES = ["linear-regression", "ridge", "lasso", "lime", "kernel-shap", "correlation", "rise"]
SHAPLEY = ["banzhaf", "shapley-sampling", "window-shap"]


@pytest.mark.parametrize("scenario", planted.SCENARIOS)
@pytest.mark.parametrize("name", [*SURROGATES, *SHAPLEY, "deep-shap"])
def test_what_finds_everything(name: str, scenario: str) -> None:
    assert min(_found(name, scenario)) > 0.95


@pytest.mark.parametrize("scenario", ["additive", "both needed", "one of two", "either event"])
def test_forests_find_everything_but_the_sign(scenario: str) -> None:
    assert _found("random-forest", scenario)[0] > 0.95


def test_a_forest_has_a_sign_through_its_own_shap() -> None:
    assert _found("random-forest", "for and against")[1] < 0.2
    assert min(_found("random-forest", "for and against", attribution="shap")) > 0.95


def test_dropping_a_window_misses_what_occurs_twice_and_keeping_it_what_needs_company() -> None:
    assert _found("naive", "both needed")[0] > 0.9
    assert _found("naive", "either event")[0] < 0.8
    assert _found("keep-window", "either event")[0] > 0.95
    assert _found("keep-window", "both needed")[0] < 0.8


@pytest.mark.parametrize("scenario", ["both needed", "either event", "one of two"])
def test_a_union_is_never_as_far_off_as_its_worse_member(scenario: str) -> None:
    worse, better = sorted(_found(name, scenario)[0] for name in ("naive", "keep-window"))
    union = _found("union", scenario)[0]
    assert union > (worse + better) / 2
    assert _found("intersection", scenario)[0] < union


@pytest.mark.parametrize("scenario", planted.SCENARIOS)
def test_adaptive_finds_it_with_fewer_calls(scenario: str) -> None:
    assert min(_found("adaptive", scenario, budget=150)) > 0.9


@pytest.mark.parametrize("name", ["input-x-gradient", "smoothgrad", "lrp-epsilon"])
def test_saturation_hides_evidence_from_gradients(name: str) -> None:
    assert _found(name, "additive")[0] > 0.99
    assert _found(name, "one of two")[0] < 0.8
    assert _found("integrated-gradients", "one of two")[0] > 0.99


def test_the_better_event_hides_the_other_from_one_baseline() -> None:
    assert _found("integrated-gradients", "either event")[0] < 0.9
    assert _found("gradient-shap", "either event")[0] > 0.95


def test_the_table_has_a_row_for_every_explainer() -> None:
    some = [SPECS[name] for name in ("constant", "oracle", "attention-rollout")]
    lines = planted.table(some).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| constant | 0.50 | 0.50")
    assert "n/a" in lines[3]
