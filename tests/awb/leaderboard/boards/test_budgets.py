"""Boards at a budget: explainers that ran with it, and those that need no more anyway."""

from __future__ import annotations

from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.budgets import FREE_CALLS, within_budget

BUDGETS = (100, 300)


def _explanation(name: str, calls: int, *, status: str = "ok") -> ExplanationRow:
    return ExplanationRow("d", "m", name, "clip", "t", status, "", calls, 1.0, 0.1)


def _score(name: str, value: float) -> ScoreRow:
    return ScoreRow("d", "m", name, "clip", "t", "roc-auc", value, "")


EXPLANATIONS = [
    _explanation("forest@100", 100),
    _explanation("forest@300", 300),
    _explanation("naive", 97),
    _explanation("window", 100 + FREE_CALLS),
    _explanation("greedy", 101 + FREE_CALLS),
    _explanation("shap@100", 102),
    _explanation("file@1x", 5),
    _explanation("listen", 0, status="not applicable"),
]
SCORES = [_score(row.explainer, float(row.calls)) for row in EXPLANATIONS]


def test_a_board_has_explainers_with_the_budget_and_those_that_need_no_more() -> None:
    explanations, scores, over_budget = within_budget(EXPLANATIONS, SCORES, 100, BUDGETS)
    calls = {row.explainer: row.calls for row in explanations}
    others = {"window": 102, "shap": 102, "file@1x": 5, "listen": 0}
    assert calls == {"forest": 100, "naive": 97, **others}
    assert {row.explainer: row.value for row in scores} == calls
    assert over_budget == ["greedy"]


def test_the_largest_board_has_its_own_rows() -> None:
    explanations, _, over_budget = within_budget(EXPLANATIONS, SCORES, 300, BUDGETS)
    assert {row.explainer for row in explanations} == {
        "forest", "naive", "window", "greedy", "file@1x", "listen"}  # fmt: skip
    assert over_budget == []


def test_one_instance_over_budget_excludes_an_explainer() -> None:
    rows = [_explanation("greedy", 10), _explanation("greedy", 500)]
    explanations, _, over_budget = within_budget(rows, [], 100, BUDGETS)
    assert explanations == []
    assert over_budget == ["greedy"]
