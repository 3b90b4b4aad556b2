"""The facts from which tables are made, and that they are true."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from awb.errors import ParameterError
from awb.metrics import ALL_FACTS, FF_AT, MetricFacts

GOLDEN = Path(__file__).parents[2] / "golden"


def test_every_metric_of_the_design_has_facts() -> None:
    wanted = """roc-auc average-precision ndcg pointing-game mass-accuracy rank-accuracy iou-mean
    iou-otsu iou-annotated f1-mean f1-otsu f1-annotated event-margin event-recall@5 psds
    deletion-area insertion-area ff@1 ff@5 ff@10 ff@20 ff@50 ff@annotated comprehensiveness
    sufficiency ai ad ag fid-in ff-in ff-out faithfulness-correlation monotonicity infidelity
    local-accuracy sparseness complexity effective-support seed-stability seed-overlap
    shift-equivariance gain-invariance noise-stability-natural noise-stability-room
    noise-stability-white max-sensitivity model-randomization
    label-randomization event-rank-margin iou-area rank-faithfulness kept-share
    ai-over-random ad-over-random ag-over-random fid-in-over-random ff-in-over-random
    ff-out-over-random
    class-contrast deletion-gain insertion-gain srg random-logit"""
    assert set(wanted.split()) <= set(ALL_FACTS)


@pytest.mark.parametrize("facts", ALL_FACTS.values(), ids=ALL_FACTS)
def test_facts_are_complete(facts: MetricFacts) -> None:
    for text in (facts.name, facts.summary, facts.unit, facts.undefined, facts.citation):
        assert text.strip()
        assert "\n" not in text
    assert not facts.summary.endswith(".")
    assert facts.lowest < facts.highest
    assert facts.arrow in "↑↓"


@pytest.mark.parametrize("stem", ["localization", "fidelity", "complexity"])
def test_golden_scores_lie_in_their_range(stem: str) -> None:
    for case in json.loads((GOLDEN / f"{stem}.json").read_text(encoding="utf-8")):
        for name, score in case["expected"].items():
            if score is not None and name in ALL_FACTS:
                assert ALL_FACTS[name].lowest <= score <= ALL_FACTS[name].highest, name


def test_names_are_unique_and_say_the_percent() -> None:
    assert len({id(facts) for facts in ALL_FACTS.values()}) == len(ALL_FACTS)
    assert [facts.name for facts in FF_AT.values()] == [f"ff@{percent}" for percent in FF_AT]


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="empty range"):
        MetricFacts(
            name="none",
            family="fidelity",
            summary="nothing",
            higher_is_better=True,
            lowest=1.0,
            highest=-math.inf,
            unit="none",
            undefined="never",
            citation="none",
        )
