"""The pages that are generated from the code are current and complete."""

from __future__ import annotations

import pytest

from awb.builtins.metrics import METRICS
from awb.plugins.discovery import load
from make_pages import DOCS, MADE
from pages import formulas

KINDS = {
    "model": "reference/plugins.md",
    "dataset": "reference/plugins.md",
    "masker": "reference/plugins.md",
    "metric": "metrics.md",
    "explainer": "explainers.md",
}


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_current(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == MADE[name](), "run: make docs-tables"


@pytest.mark.parametrize("kind", KINDS)
def test_every_built_in_is_on_its_page(kind: str) -> None:
    text = (DOCS / KINDS[kind]).read_text(encoding="utf-8")
    for entry in load():
        if entry.kind == kind and entry.origin.distribution == "audio-where-benchmark":
            assert f"`{entry.spec.name}`" in text, f"{KINDS[kind]} does not have {entry.spec.name}"


def test_every_metric_has_a_formula_that_can_be_drawn() -> None:
    for spec in METRICS:
        assert "<mi>" in formulas.fence(spec.facts.formula, "math", "math", {}, None), spec.name
