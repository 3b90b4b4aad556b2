"""Ensembles: combined as counted by hand, with the members and the cost that a board would have."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import awb as library
import small_data
from awb.errors import NotApplicableError, ParameterError, UnknownNameError
from awb.harness.config.run_config import RunConfig
from awb.harness.storage.run_folder import RunFolder
from awb.harness.unit.question import Answer, Question
from awb.intervals import FloatArray
from awb.maskers import zeros
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.randomness import RandomKey
from awb_plugins.explainers.ensembles import SPECS, mean_of, split_members, unit_ranks
from fakes import WeightedEnergy, instance_of, unit_clip

N = 12
COMBINE = {"mean-rank": np.mean, "union": np.max, "intersection": np.min}


def _question() -> Question:
    clip = unit_clip(N)
    weights = np.random.default_rng(3).normal(size=N)
    key = RandomKey((0, "fake", clip.id, "Target"))
    return Question(WeightedEnergy(weights), instance_of(clip), RunConfig(samples=80), zeros, key)


def _ask(question: Question, text: str) -> Answer:
    resolved = resolve(load(), "explainer", text)
    return question.explain(resolved, resolved.build())


def _counted(relevance: FloatArray) -> list[float]:
    """Share of the other segments that are less relevant, ties counting half."""
    others = relevance.size - 1
    return [
        (sum(b < a for b in relevance) + (sum(b == a for b in relevance) - 1) / 2) / others
        for a in relevance
    ]


@pytest.mark.parametrize("name", COMBINE)
@pytest.mark.parametrize(
    "members",
    [
        ["naive", "keep-window"],
        ["random-forest", "run-correlation", "shapley-sampling"],
        ["naive:window_s=0.2,hop_s=0.2", "lime", "random"],
    ],
)
def test_members_are_those_of_the_board_and_combined_as_counted(
    name: str, members: list[str]
) -> None:
    alone = _question()
    answers = [_ask(alone, member).explanation for member in members]
    expected = COMBINE[name]([_counted(one.relevance) for one in answers], axis=0)
    text = "+".join(members).replace(",", ";")
    found = _ask(_question(), f"{name}:of={text}").explanation
    np.testing.assert_allclose(found.relevance, expected, atol=1e-12)
    assert found.cost.calls == sum(one.cost.calls for one in answers)


def test_the_uncertainty_of_a_mean_rank_is_the_disagreement_of_its_members() -> None:
    members = ["random-forest", "keep-window", "naive"]
    alone = _question()
    ranks = [_counted(_ask(alone, member).explanation.relevance) for member in members]
    expected = [
        statistics.stdev(column) / len(members) ** 0.5 for column in zip(*ranks, strict=True)
    ]
    found = _ask(_question(), f"mean-rank:of={'+'.join(members)}").explanation.uncertainty
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert max(expected) > 0.05
    both = mean_of(np.array([[0.0, 0.5, 1.0], [0.0, 1.0, 0.5]]))
    np.testing.assert_allclose(both.uncertainty, [0.0, 0.25, 0.25])
    assert _ask(_question(), "union:of=naive+keep-window").explanation.uncertainty is None


def test_beside_its_members_an_ensemble_computes_nothing_new() -> None:
    question = _question()
    for member in ("random-forest", "naive"):
        _ask(question, member)
    question.model.batches.clear()  # type: ignore[attr-defined]
    cost = _ask(question, "union:of=random-forest+naive").explanation.cost
    assert question.model.batches == []  # type: ignore[attr-defined]
    assert cost.forwards == 0
    assert cost.calls > 80


def test_it_depends_on_the_budget_if_a_member_does() -> None:
    assert _ask(_question(), "union:of=naive+ridge").heeds_budget
    assert not _ask(_question(), "union").heeds_budget


def test_where_a_member_is_not_applicable_it_is_not_either() -> None:
    with pytest.raises(NotApplicableError, match=r"^saliency: the model does not implement Differ"):
        _ask(_question(), "mean-rank:of=naive+saliency")


@pytest.mark.parametrize(
    ("members", "error", "match"),
    [
        ("naive", ParameterError, "two or more different explainers"),
        ("naive+naive:window_s=0.5", ParameterError, "two or more different explainers"),
        ("naive+oracle", ParameterError, "oracle sees the labels"),
        ("naive+lim", UnknownNameError, "Did you mean lime"),
        ("naive+lime:windows=2", ParameterError, "no setting 'windows'"),
    ],
)
def test_members_that_are_none_are_refused_before_a_run(
    members: str, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        resolve(load(), "explainer", f"union:of={members}")


def test_its_label_can_be_typed_again() -> None:
    text = "union:of=naive:hop_s=0.2;window_s=1+grad-cam+++multiscale-occlusion:windows_s=0.1+0.5"
    assert split_members(text.partition("=")[2]) == [
        "naive:hop_s=0.2,window_s=1", "grad-cam++", "multiscale-occlusion:windows_s=0.1+0.5"
    ]  # fmt: skip
    label = resolve(load(), "explainer", "union:of= naive:hop_s=0.2;window_s=1 + grad-cam++").label
    assert label == "union:of=naive:window_s=1.0;hop_s=0.2+grad-cam++"
    assert resolve(load(), "explainer", label).label == label
    assert resolve(load(), "explainer", "union:of=naive+keep-window").label == "union"


RELEVANCE = arrays.arrays(np.float64, st.integers(1, 30), elements=st.integers(-5, 5).map(float))


@given(relevance=RELEVANCE)
def test_ranks_read_the_order_alone(relevance: FloatArray) -> None:
    ranks = unit_ranks(relevance)
    if np.ptp(relevance) == 0:
        assert not ranks.any()
        return
    assert ranks.min() >= 0
    assert ranks.max() <= 1
    assert ranks.mean() == pytest.approx(0.5)
    np.testing.assert_array_equal(ranks, unit_ranks(np.exp(relevance)))
    np.testing.assert_allclose(ranks, 1 - unit_ranks(-relevance), atol=1e-12)
    np.testing.assert_allclose(ranks, _counted(relevance), atol=1e-12)


def test_a_member_that_finds_nothing_adds_nothing_to_a_union_and_empties_an_intersection() -> None:
    naive = _ask(_question(), "naive").explanation.relevance
    union = _ask(_question(), "union:of=naive+constant").explanation.relevance
    np.testing.assert_allclose(union, _counted(naive), atol=1e-12)
    assert not _ask(_question(), "intersection:of=naive+constant").explanation.relevance.any()
    assert not unit_ranks(np.full(7, 0.1) * np.array([1, 1 + 1e-15, 1, 1, 1, 1, 1])).any()
    assert unit_ranks(np.array([0.1 + 0.2, 0.3, 0.0])).tolist() == [0.75, 0.75, 0.0], "rounding"


@pytest.mark.parametrize("name", COMBINE)
def test_rounding_of_scores_never_ranks_segments(name: str) -> None:
    """Two processors' relevance: the same clip, of which two thirds do nothing."""
    rng = np.random.default_rng(5)
    event = np.concatenate([np.zeros(40), rng.normal(size=20)])
    members = [event, np.roll(event, 7), 0.3 * np.roll(event, -4)]
    combined = []
    for _ in range(2):
        seen = [one + abs(one).max() * 1e-6 * rng.normal(size=60) for one in members]
        combined.append(COMBINE[name]([unit_ranks(one) for one in seen], axis=0))
    np.testing.assert_array_equal(*combined)
    exact = COMBINE[name]([_counted(one) for one in members], axis=0)
    np.testing.assert_allclose(combined[0], exact, atol=1e-12)


def test_the_defaults_and_sources_are_told() -> None:
    for spec in SPECS:
        cheap = "keep-window:window_s=1.0;hop_s=0.2+owen:samples=60"
        assert spec.parameters().of == (cheap if spec.name == "mean-rank" else "naive+keep-window")
        label = resolve(load(), "explainer", f"{spec.name}:of={spec.parameters().of}").label
        assert label == spec.name, "the default is written as the members' labels are"
        assert "arXiv:1903.00519" in spec.citation
        assert "arXiv:2005.00631" in spec.citation


def test_on_a_board_with_budgets_it_is_made_of_the_rows_beside_it(tmp_path: Path) -> None:
    members, name = ["random-forest", "naive"], "mean-rank:of=random-forest+naive"
    settings: dict[str, Any] = {"models": "loudness", "metrics": "roc-auc", "cache": "off"}
    library.run(
        datasets=f"folder:{small_data.build(tmp_path / 'data', 2)}", explainers=[*members, name],
        budgets=[40, 80], baselines=False, out=tmp_path / "run", **settings,
    )  # fmt: skip
    folder = RunFolder.open(tmp_path / "run")
    [manifest] = folder.manifests()
    for stored in folder.store().relevances(manifest.dataset, manifest.model).values():
        for budget in (40, 80):
            forest, naive = stored[f"random-forest@{budget}"], stored["naive"]
            expected = (np.array(_counted(forest)) + np.array(_counted(naive))) / 2
            np.testing.assert_allclose(stored[f"{name}@{budget}"], expected, atol=1e-12)
