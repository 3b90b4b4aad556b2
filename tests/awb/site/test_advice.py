"""Which explainer to use: synthetic boards with known answers."""

from __future__ import annotations

import numpy as np

from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.store import ExplanationRow
from awb.leaderboard.boards.layout import Layout
from awb.leaderboard.publishing.comparable_boards import (
    DELETION,
    LOCALIZATION,
    SUMMED,
    Comparable,
    SummaryBoard,
)
from awb.plugins.discovery import load
from awb.site.advice import advice
from awb.specs import ExplainerSpec

CALLS = {"saliency": 1, "keep-window": 100, "correlation": 3000, "random": 0}
POINTING = {"saliency": 0.7, "keep-window": 0.8, "correlation": 0.9, "random": 0.5}
AREA = {"saliency": 0.3, "keep-window": 0.1, "correlation": 0.2, "random": 0.6}
N_CLIPS = 8


def _board(name: str, explainers: list[str], *, control: bool = False) -> SummaryBoard:
    rows = [
        ExplanationRow(name, "model", each, f"c{clip}", "dog", "ok", "", CALLS[each], 1.0, 0.1)
        for each in explainers
        for clip in range(N_CLIPS)
    ]
    layout = Layout(rows)
    wobble = np.linspace(-0.02, 0.02, N_CLIPS)
    grids = {metric: np.full((len(explainers), N_CLIPS), np.nan) for metric in SUMMED}
    for each in explainers:
        grids[LOCALIZATION][layout.row[each]] = POINTING[each] + wobble
        grids[DELETION][layout.row[each]] = AREA[each] + wobble[::-1]
    kept = tuple(Kept(f"c{clip}", "dog", 0, ((0.0, 1.0),), 0.0, "") for clip in range(N_CLIPS))
    manifest = Manifest(name, "model", "", kept, ())
    return SummaryBoard(
        name, name, "model", manifest, False, control, 0, frozenset({"random"}), layout, grids
    )


def _specs(names: list[str]) -> dict[str, ExplainerSpec]:
    registry = load()
    found = {}
    for name in names:
        spec = registry.get("explainer", name).spec
        assert isinstance(spec, ExplainerSpec)
        found[name] = spec
    return found


def test_budgets_and_gradients_decide_what_is_compared() -> None:
    names = list(CALLS)
    blind = [name for name in names if name != "saliency"]
    boards = (_board("a", names), _board("b", names), _board("c", blind))
    kinds = {kind.name: kind for kind in advice(Comparable(boards, ()), _specs(names))}
    anything, gradients = kinds["Any model"], kinds["A model with gradients"]
    assert ([board.name for board in anything.boards], anything.n_explainers) == (
        ["a", "b", "c"],
        2,
    )
    assert ([board.name for board in gradients.boards], gradients.n_explainers) == (["a", "b"], 3)
    by_budget = {answer.budget: answer for answer in gradients.answers}
    assert by_budget[60].picks == ["saliency"], "the only one with so few calls"
    assert anything.answers[0].picks == [], "nothing that needs no gradient takes so few"
    few = by_budget[300]
    assert few.localization is not None
    assert few.localization.explainer == "keep-window"
    assert few.localization.n_compared == 2, "correlation takes more, random is a baseline"
    assert few.localization.mean_ranks == {"keep-window": 1.0, "saliency": 2.0}
    every = by_budget[None]
    assert every.localization is not None
    assert every.fidelity is not None
    assert (every.localization.explainer, every.fidelity.explainer) == (
        "correlation",
        "keep-window",
    )
    assert every.localization.rivals == (), "0.1 apart on every clip"
    assert not every.in_both
    assert every.both == "keep-window", "ranks 2 and 1, as correlation has, with fewer calls"
    assert every.cheapest is None
    assert every.localization.boards_needed > 2


def test_close_explainers_are_rivals_and_the_cheapest_is_named() -> None:
    close = {"correlation": 0.8005, "keep-window": 0.8}
    board = _board("a", ["keep-window", "correlation", "random"])
    rng = np.random.default_rng(0)
    for name, mean in close.items():
        row = board.layout.row[name]
        board.grids[LOCALIZATION][row] = mean + rng.normal(0, 0.05, N_CLIPS)
        board.grids[DELETION][row] = 0.2 + rng.normal(0, 0.05, N_CLIPS)
    specs = _specs(["keep-window", "correlation"])
    [kind] = advice(Comparable((board, board), ()), specs)
    answer = kind.answers[-1]
    assert answer.localization is not None
    assert set(answer.localization.leading) == {"keep-window", "correlation"}
    assert answer.in_both
    assert answer.both is not None
    assert answer.cheapest == ("keep-window" if answer.both == "correlation" else None)


def test_control_boards_do_not_count_for_localization() -> None:
    names = ["keep-window", "correlation", "random"]
    board, control = _board("a", names), _board("b", names, control=True)
    row = [control.layout.row[name] for name in ("keep-window", "correlation")]
    control.grids[LOCALIZATION][row] = control.grids[LOCALIZATION][row[::-1]]
    [kind] = advice(Comparable((board, control), ()), _specs(names))
    answer = kind.answers[-1]
    assert answer.localization is not None
    assert answer.fidelity is not None
    assert answer.localization.mean_ranks["correlation"] == 1.0
    assert (len(answer.localization.means), len(answer.fidelity.means)) == (1, 2)
