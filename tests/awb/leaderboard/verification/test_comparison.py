"""What a spot check compares, and what it says: each difference alone, without a model."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from awb.errors import SubmissionError
from awb.harness.unit.record import Cost, ExplainerResult
from awb.leaderboard.verification import comparison, reach
from awb.leaderboard.verification.checks import UncheckedError

UNIT: Any = SimpleNamespace(key="a")


def _claim(**changes: Any) -> Any:
    """A submission of one instance: 100 calls, two scores."""
    scores = changes.pop("scores", {"roc-auc": [0.75], "ag": [None]})
    row = SimpleNamespace(clip_id="a.wav", target="Dog", status="ok", calls=100)
    row.__dict__.update(changes)
    record = SimpleNamespace(
        instances=[row],
        relevance=SimpleNamespace(dtype="<f4"),
        scores=scores,
        name="forest",
        explainer=SimpleNamespace(label="forest"),
        settings=SimpleNamespace(budgets=None),
        environment=SimpleNamespace(platform="Plan 9", hardware={"processor": "abacus"}),
    )
    relevance = np.array([0.5, -2.0, 1.0]) if row.status == "ok" else None
    return SimpleNamespace(record=record, relevance=[relevance])


def _found(calls: int = 100, **changes: Any) -> ExplainerResult:
    """What comes out here: the same, but for the changes."""
    scores = {"roc-auc": (0.75, ""), "ag": (float("nan"), "no segment")}
    same = ExplainerResult("forest", "ok", "", np.array([0.5, -2.0, 1.0]), Cost(calls), scores)
    return replace(same, **changes)


def _compare(found: ExplainerResult, tolerance: float = 0.0, **claim: Any) -> str:
    """Return why a spot check refuses it, or cannot tell, without the name of the clip."""
    try:
        comparison.compare(_claim(**claim), 0, UNIT, found, tolerance)
    except SubmissionError as error:
        where, _, reason = str(error).partition(": ")
        assert where == "a.wav (Dog)"
        unchecked = isinstance(error, UncheckedError)
        differs, _, _ = reason.partition(". It was computed on abacus (Plan 9), ")
        return f"unchecked: {differs}" if unchecked else reason
    return ""


REFUSED = "ok after {} calls, not ok after 100. "


def test_equal_results_pass() -> None:
    assert _compare(_found()) == ""
    assert _compare(_found(), 0.02) == ""


@pytest.mark.parametrize(
    ("calls", "tolerance", "told"),
    [
        (101, 0.0, REFUSED),
        (99, 0.0, REFUSED),
        (102, 0.02, ""),
        (98, 0.02, ""),
        (103, 0.02, REFUSED),
    ],
)
def test_calls_are_those_of_the_claim(calls: int, tolerance: float, told: str) -> None:
    assert _compare(_found(calls), tolerance) == told.format(calls)


def test_a_status_is_that_of_the_claim() -> None:
    failed = _found(0, status="failed", reason="out of luck", relevance=None, scores={})
    assert _compare(failed) == "failed after 0 calls, not ok after 100. out of luck"
    assert _compare(_found(), status="failed") == "ok after 100 calls, not failed after 100. "
    assert _compare(failed, status="failed", calls=0) == ""
    assert _compare(_found(), 0.02, status="failed") == "ok after 100 calls, not failed after 100. "


def test_relevance_may_differ_by_the_tolerance_of_its_largest_value() -> None:
    other = _found(relevance=np.array([0.5, -2.0, 1.03]))
    assert _compare(other) == "the relevance differs by 0.015 of its largest value"
    assert _compare(other, 0.02) == ""
    told = "the relevance differs by 0.015 of its largest value"
    assert _compare(other, 0.01) == f"unchecked: {told}", "nothing is shown by so little elsewhere"
    louder = _found(relevance=np.array([0.5, -4.0, 1.0]))
    assert _compare(louder, 0.02) == "the relevance differs by 0.5 of its largest value"
    shorter = _found(relevance=np.array([0.5, -2.0]))
    assert _compare(shorter, 0.02) == "the relevance differs by inf of its largest value"
    published = _found(relevance=np.array([0.5, -2.0, 1.0 + 1e-9]))
    assert _compare(published) == "", "it is rounded as the published one"


def test_silence_is_equal_to_silence() -> None:
    assert comparison._difference(np.zeros(3), np.zeros(3), "<f4") == 0


def _scored(value: float) -> ExplainerResult:
    return _found(scores={"roc-auc": (value, ""), "ag": (float("nan"), "no segment")})


def test_a_score_that_differs_is_refused_on_the_same_machine() -> None:
    assert _compare(_scored(0.7501)) == "roc-auc is 0.7501 here, not 0.75 as claimed"
    defined = _found(scores={"roc-auc": (0.75, ""), "ag": (0.5, "")})
    assert _compare(defined) == "ag is 0.5 here, not None as claimed"


def test_the_first_of_equally_wrong_scores_is_named() -> None:
    for third in (0.1 + 0.2, 0.3):
        both = _found(scores={"roc-auc": (0.75 - third, ""), "srg": (0.6 - 0.3, "")})
        assert _compare(both, scores={"roc-auc": [0.75], "srg": [0.6]}).startswith("roc-auc is")


def test_a_score_elsewhere_may_be_one_that_ties_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under 0.02 passes by itself; beyond that, the claim must come out of relevance nearby."""
    reached = {"roc-auc": (0.75, "")}
    asked = []

    def rescore(unit: Any, relevances: Any, *, samples: int | None) -> list[dict[str, Any]]:
        asked.append(len(relevances))
        return [reached for _ in relevances]

    monkeypatch.setattr(reach, "rescore_unit", rescore)
    assert _compare(_scored(0.765), 0.02) == ""
    assert asked == []
    assert _compare(_scored(0.85), 0.02) == ""
    assert len(asked) == 1
    reached["roc-auc"] = (0.85, "")
    told = "roc-auc is {} here, not 0.75 as claimed"
    assert _compare(_scored(0.85), 0.02) == f"unchecked: {told.format(0.85)}"
    assert _compare(_scored(0.85)) == told.format(0.85), "here, every digit counts"
    assert _compare(_scored(0.45), 0.02) == told.format(0.45), "no processor makes so much of it"
    reached["ag"] = (0.5, "")
    defined = _found(scores={"roc-auc": (0.75, ""), "ag": (0.5, "")})
    assert _compare(defined, 0.02) == "ag is 0.5 here, not None as claimed"


@pytest.mark.parametrize(
    ("name", "budgets", "samples"),
    [
        ("forest", None, None),
        ("forest", (300, 60, 100), 300),
        ("forest@60", (300, 60, 100), 60),
        ("forest@100", (300, 60, 100), 100),
    ],
)
def test_a_row_has_the_samples_of_its_budget(
    name: str, budgets: tuple[int, ...] | None, samples: int | None
) -> None:
    record: Any = SimpleNamespace(
        name=name,
        explainer=SimpleNamespace(label="forest"),
        settings=SimpleNamespace(budgets=budgets),
    )
    assert comparison._samples(record) == samples
