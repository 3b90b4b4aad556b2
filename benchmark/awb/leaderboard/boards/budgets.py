"""Boards at a fixed budget: who does best with so many model calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.harness.unit.record import at_budget

FREE_CALLS = 2
"""The clip as it is and with everything dropped: everybody may know these scores."""


def within_budget(
    explanations: Sequence[ExplanationRow],
    scores: Sequence[ScoreRow],
    budget: int,
    budgets: Sequence[int],
) -> tuple[list[ExplanationRow], list[ScoreRow], list[str]]:
    """Select what a board at a budget shows."""
    dearest: dict[str, int] = {}
    for row in explanations:
        dearest[row.explainer] = max(dearest.get(row.explainer, 0), row.calls)
    given = {name for name in dearest for one in budgets if name.endswith(at_budget("", one))}
    own = at_budget("", budget)
    shown = {name: name.removesuffix(own) for name in given if name.endswith(own)}
    fixed = dearest.keys() - given
    shown |= {name: name for name in fixed if dearest[name] <= budget + FREE_CALLS}
    dearer = fixed - shown.keys()
    return (
        [replace(r, explainer=shown[r.explainer]) for r in explanations if r.explainer in shown],
        [replace(r, explainer=shown[r.explainer]) for r in scores if r.explainer in shown],
        sorted(dearer),
    )
