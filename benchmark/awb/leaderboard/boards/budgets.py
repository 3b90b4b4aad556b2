"""Boards at a fixed budget: which explainer is best within a number of model calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.harness.unit.record import at_budget

FREE_CALLS = 2
"""The scores of the unmasked and the fully masked clip, which do not count against a budget."""


def within_budget(
    explanations: Sequence[ExplanationRow],
    scores: Sequence[ScoreRow],
    budget: int,
    budgets: Sequence[int],
) -> tuple[list[ExplanationRow], list[ScoreRow], list[str]]:
    """Select the rows of a board at a budget, and name the explainers that exceed it."""
    most_calls: dict[str, int] = {}
    for row in explanations:
        most_calls[row.explainer] = max(most_calls.get(row.explainer, 0), row.calls)
    given = {name for name in most_calls for one in budgets if name.endswith(at_budget("", one))}
    own = at_budget("", budget)
    shown = {name: name.removesuffix(own) for name in given if name.endswith(own)}
    fixed = most_calls.keys() - given
    shown |= {name: name for name in fixed if most_calls[name] <= budget + FREE_CALLS}
    return (
        [replace(r, explainer=shown[r.explainer]) for r in explanations if r.explainer in shown],
        [replace(r, explainer=shown[r.explainer]) for r in scores if r.explainer in shown],
        sorted(fixed - shown.keys()),
    )
