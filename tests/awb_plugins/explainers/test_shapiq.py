"""Approximators of shapiq, which must agree with enumeration when they get all coalitions."""

from __future__ import annotations

import numpy as np
import pytest

from awb.errors import NotApplicableError, ParameterError, UnknownNameError
from games import exact_shapley, explain, game_perturber, relevance, table_game

pytest.importorskip("shapiq")
from awb_plugins.explainers.shapiq_adapter import SPEC, approximators

EXACT = ["KernelSHAP", "KernelSHAPIQ", "RegressionFSII", "SHAPIQ", "SVARM", "kADDSHAP"]


@pytest.mark.parametrize("name", EXACT)
def test_with_all_coalitions_it_is_exact(name: str) -> None:
    game = table_game(6, 2)
    found = relevance(SPEC, game_perturber(game, 6), method=f"{name}:window_s=0")
    np.testing.assert_allclose(found, exact_shapley(game, 6), atol=1e-4)


def test_effects_of_pairs_are_kept_and_divided_among_segments() -> None:
    def game(audible: np.ndarray) -> float:
        return 3.0 * float(audible[:2].all() and audible[4:6].all()) + float(audible[6:8].all())

    found = explain(SPEC, game_perturber(game, 20), method="RegressionFSII:window_s=0.2")
    assert found.interactions is not None
    expected = np.zeros((20, 20))
    expected[:2, 4:6] = expected[4:6, :2] = 3.0 / 4
    np.testing.assert_allclose(found.interactions, expected, atol=1e-4)
    np.testing.assert_allclose(found.relevance[[0, 4, 6, 9]], [0.75, 0.75, 0.5, 0.0], atol=1e-4)


MAY_REFUSE = {"SPEX", "ProxySPEX"}
"""One needs more calls than there are here, the other a library that is not installed."""


@pytest.mark.parametrize("name", sorted(approximators()))
@pytest.mark.parametrize("samples", [10, 60])
def test_every_approximator_answers_within_its_budget_or_says_why_not(
    name: str, samples: int
) -> None:
    perturber = game_perturber(table_game(10, 1), 10, samples=samples)
    reason = ""
    try:
        found = [relevance(SPEC, perturber, method=name, seed=5) for _ in range(2)]
    except NotApplicableError as error:
        found, reason = [], str(error)
    if not found:
        assert name in MAY_REFUSE
        assert reason.startswith(f"shapiq:{name} cannot use {samples} calls for 10 players: ")
        return
    np.testing.assert_array_equal(found[0], found[1])


def test_what_was_typed_is_checked() -> None:
    with pytest.raises(UnknownNameError, match="KernelSHAP"):
        SPEC.parameters(method="KernelSHAPP")
    for text, reason in (
        ("KernelSHAP:pairing=true", "pairing_trick"),
        ("KernelSHAPIQ:max_order=3", "1 or 2"),
        ("KernelSHAP:window_s=-1", "window_s"),
    ):
        with pytest.raises((ParameterError, ValueError), match=reason):
            SPEC.parameters(method=text)
