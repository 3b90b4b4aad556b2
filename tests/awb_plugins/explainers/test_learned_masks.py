"""Learned masks: planted masks are found, the search against enumeration, the calls counted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from awb.errors import NotApplicableError
from awb.perturbation import Perturber
from awb_plugins.explainers.learned_masks import extremal, search
from awb_plugins.explainers.learned_masks.areas import AreaParameters
from fakes import WeightedEnergy, perturber_for, unit_clip
from fakes_torch import SegmentGame, TorchModel
from games import explain
from spectrograms import look

MASK, SEARCH = extremal.SPEC, search.SPEC
N = 20


def _game(units: Sequence[tuple[Sequence[int], float, float]], n: int = N) -> TorchModel:
    """A score of units: which segments they hear, what they need, and their weight."""
    inner = np.zeros((len(units), n))
    for row, (segments, _, _) in zip(inner, units, strict=True):
        row[list(segments)] = 1.0
    biases, outer = [one[1] for one in units], [one[2] for one in units]
    return TorchModel(SegmentGame(inner, biases, outer, -1.0), "conv")


ADDITIVE = _game([([4, 5, 6], 0.0, 2.0), ([12], 0.0, -3.0)])
BOTH = _game([([3, 14], -1.0, 5.0)])
EITHER = _game([([3, 14], 0.0, 5.0), ([3, 14], -1.0, -5.0)])


def _best(perturber: Perturber, masks: Sequence[tuple[int, ...]], direction: str) -> set[int]:
    """Enumerate masks; return the segments of the best."""
    shown = np.zeros((len(masks), perturber.n_segments), dtype=bool)
    for row, segments in zip(shown, masks, strict=True):
        row[list(segments)] = True
    alone, rest = perturber.scores(~shown), perturber.scores(shown)
    values = {"keep": alone, "remove": -rest, "both": alone - rest}[direction]
    return set(masks[int(np.argmax(values))])


@pytest.mark.parametrize("direction", ["keep", "remove", "both"])
def test_a_planted_mask_is_found_by_gradient(direction: str) -> None:
    perturber = perturber_for(ADDITIVE, unit_clip(N))
    best = _best(perturber, list(combinations(range(N), 3)), direction)
    assert best >= {4, 5, 6} or direction != "keep"
    found = explain(MASK, perturber, areas=[3 / N], direction=direction, smoothness=0.01)
    top = set(np.argsort(found.relevance)[-3:].tolist())
    assert top == best == {4, 5, 6}
    assert found.relevance[[4, 5, 6]].min() > 0.9
    assert np.delete(found.relevance, [4, 5, 6]).max() < 0.1


def test_a_mask_finds_what_counts_together_and_what_replaces_each_other() -> None:
    for model in (BOTH, EITHER):
        found = explain(MASK, perturber_for(model, unit_clip(N)), areas=[2 / N], smoothness=0.01)
        assert set(np.argsort(found.relevance)[-2:].tolist()) == {3, 14}


def test_smaller_masks_say_what_counts_most() -> None:
    model = _game([([4, 5], 0.0, 4.0), ([15, 16], 0.0, 1.0)])
    found = explain(MASK, perturber_for(model, unit_clip(N)), areas=[0.1, 0.2], smoothness=0.01)
    strong, weak = found.relevance[[4, 5]].min(), found.relevance[[15, 16]]
    assert strong > 0.9 > weak.max() >= weak.min() > 0.3
    assert np.delete(found.relevance, [4, 5, 15, 16]).max() < 0.1


def test_smooth_masks_have_fewer_jumps() -> None:
    rng = np.random.default_rng(0)
    noisy = _game([([n], 0.0, float(weight)) for n, weight in enumerate(rng.uniform(0, 1, N))])
    jumps = [
        np.abs(np.diff(explain(MASK, perturber_for(noisy, unit_clip(N)), **given).relevance)).sum()
        for given in ({"smoothness": 0.0}, {"smoothness": 0.3})
    ]
    assert jumps[1] < 0.7 * jumps[0]


@pytest.mark.parametrize(
    ("settings", "calls", "passes"),
    [
        ({"steps": 5, "areas": [0.1, 0.2], "direction": "keep"}, 10, 5),
        ({"steps": 7, "areas": [0.1, 0.2, 0.3], "direction": "both"}, 42, 14),
    ],
)
def test_every_clip_that_goes_through_is_counted(
    settings: dict[str, Any], calls: int, passes: int
) -> None:
    model = _game([([4, 5, 6], 0.0, 2.0)])
    back, through = [0], [0]

    def forward(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        if output.requires_grad:  # those that the perturber asks for need none
            through[0] += len(output)
            output.register_hook(lambda gradient: back.__setitem__(0, back[0] + 1))

    model.back_end.register_forward_hook(forward)
    _, view = look(MASK, model, unit_clip(N), **settings)
    shown = len(settings["areas"])
    asked = 2 if settings["direction"] == "both" else 1
    heard = 2 * (shown + 1)  # each mask and an empty one, and what they leave
    assert view.cost.calls == calls + 2 + asked * shown + heard  # two for the rise
    assert through[0] == calls
    assert back[0] == passes


def test_the_mask_says_what_it_scores_when_it_is_heard() -> None:
    perturber = perturber_for(ADDITIVE, unit_clip(N))
    found = explain(MASK, perturber, areas=[3 / N], direction="keep", smoothness=0.01)
    mask = np.ones((1, N), dtype=bool)
    mask[0, [4, 5, 6]] = False
    assert found.notes == (f"heard, the masks gain {perturber.scores(mask)[0]:.3g} with 15%",)


def test_it_is_the_same_every_time() -> None:
    maps = [explain(MASK, perturber_for(ADDITIVE, unit_clip(N)), seed=s).relevance for s in (0, 1)]
    np.testing.assert_array_equal(*maps)
    with pytest.raises(NotApplicableError, match="DifferentiableModel"):
        explain(MASK, perturber_for(WeightedEnergy(np.ones(N)), unit_clip(N)))


@pytest.mark.parametrize("direction", ["keep", "remove", "both"])
@pytest.mark.parametrize("model", [BOTH, EITHER, ADDITIVE], ids=["both", "either", "additive"])
def test_the_search_finds_the_best_of_all_masks(model: TorchModel, direction: str) -> None:
    perturber = perturber_for(model, unit_clip(N))
    count = 3 if model is ADDITIVE else 2
    best = _best(perturber, list(combinations(range(N), count)), direction)
    found = explain(
        SEARCH, perturber.view(), window_s=0.1, hop_s=0.1, areas=[count / N],
        direction=direction, budget=1000,
    )  # fmt: skip
    top = set(np.argsort(found.relevance)[-count:].tolist())
    values = [_value(perturber, mask, direction) for mask in (top, best)]
    if (model, direction) in ((BOTH, "keep"), (EITHER, "remove")):  # one move alone gains nothing
        assert values[0] <= values[1]
    else:
        assert values[0] == pytest.approx(values[1])


def _value(perturber: Perturber, mask: set[int], direction: str) -> float:
    shown = np.isin(np.arange(perturber.n_segments), list(mask))[None]
    alone, rest = perturber.scores(~shown)[0], perturber.scores(shown)[0]
    return float({"keep": alone, "remove": -rest, "both": alone - rest}[direction])


def test_the_search_takes_back_what_became_worthless() -> None:
    # 7 is the best alone, and not among the best two
    units = [([7], 0.0, 3.0), ([2], 0.0, 2.0), ([11], 0.0, 2.0), ([2, 11], -1.0, 4.0)]
    units += [([7, 2], -1.0, -1.0), ([7, 11], -1.0, -1.0)]
    perturber = perturber_for(_game(units), unit_clip(N))
    given = {"window_s": 0.1, "hop_s": 0.1, "areas": [2 / N], "direction": "keep"}
    best = _best(perturber, list(combinations(range(N), 2)), "keep")
    found = explain(SEARCH, perturber.view(), budget=1000, **given)
    assert best == {2, 11}
    assert set(np.argsort(found.relevance)[-2:].tolist()) == best
    greedy = explain(SEARCH, perturber.view(), budget=2 * N, **given)  # no call is left to move one
    assert 7 in np.argsort(greedy.relevance)[-2:]


@pytest.mark.parametrize("direction", ["keep", "both"])
def test_the_search_keeps_to_its_calls(direction: str) -> None:
    model = WeightedEnergy(np.random.default_rng(0).normal(size=60))
    for budget in (120, 200, 400):
        found, view = look(SEARCH, model, unit_clip(60), budget=budget, direction=direction)
        assert 0 < view.cost.calls <= budget
        assert np.ptp(found.relevance) > 0
    with pytest.raises(NotApplicableError, match="budget=5 does not suffice"):
        explain(SEARCH, perturber_for(model, unit_clip(60)), budget=5)


def test_areas_are_typed_with_a_plus_and_are_parts() -> None:
    assert AreaParameters(areas="0.1+0.5").areas == (0.1, 0.5)  # type: ignore[arg-type]
    for wrong in ("0", "1.5", ""):
        with pytest.raises(ValueError, match="areas"):
            AreaParameters(areas=wrong)  # type: ignore[arg-type]


def test_no_gradient_is_left_behind() -> None:
    explain(MASK, perturber_for(ADDITIVE, unit_clip(N)), steps=2)
    assert all(weight.grad is None for weight in ADDITIVE.back_end.parameters())
    assert torch.is_grad_enabled()
