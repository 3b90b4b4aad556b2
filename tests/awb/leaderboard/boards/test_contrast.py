"""Contrasts: which boards form one, their order, and the models that datasets name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from awb.errors import ParameterError
from awb.harness.config.choice import DEFAULT_MODELS, choose
from awb.harness.config.run_config import make_config
from awb.leaderboard.boards.board import Board, BoardRow, Cell
from awb.leaderboard.boards.contrast import contrasts
from awb.leaderboard.formats.contrast_table import contrast_text
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registered, Registry, load
from awb.specs import DatasetSpec, Origin


def _facts(higher_is_better: bool) -> MetricFacts:
    return MetricFacts(
        name="auc", family="localization", summary="s", higher_is_better=higher_is_better,
        lowest=0, highest=1, unit="u", undefined="n", citation="c",
    )  # fmt: skip


def _board(
    model: str,
    means: Mapping[str, float],
    dataset: str = "hans:clips=4",
    higher: bool = True,
    budget: int | None = None,
) -> Board:
    rows = tuple(
        BoardRow(None, name, False, 1.0, 1.0, (Cell(mean, mean - 0.1, mean + 0.1, 3),))
        for name, mean in means.items()
    )
    return Board(dataset, model, (_facts(higher),), rows, 3, 3, {}, (), (), "hash", True, budget)


@pytest.fixture
def registry() -> Registry:
    spec = DatasetSpec(
        name="hans",
        summary="H.",
        citation="-",
        factory=lambda _: None,  # type: ignore[arg-type,return-value]
        contrast=("biased", "clean"),
    )
    return Registry([Registered("dataset", spec, Origin("fakes"))])


def test_differences_between_the_models_are_sorted_largest_first(registry: Registry) -> None:
    biased = _board("biased", {"same": 0.9, "good": 0.9, "absent": 0.8, "broken": math.nan})
    clean = _board("clean:weights=x", {"good": 0.4, "same": 0.9, "broken": 0.1})
    (found,) = contrasts([clean, biased], registry)
    assert (found.first, found.second) == ("biased", "clean:weights=x")
    assert [row.explainer for row in found.rows] == ["good", "same", "broken"]
    assert found.rows[0].difference == pytest.approx(0.5)
    text = contrast_text(found, "table")
    assert "good" in text
    assert "+0.500" in text
    assert "0.900 [0.80, 1.00]" in text
    assert contrast_text(found, "md").startswith("## Contrast on hans:clips=4: auc")


def test_if_lower_is_better_the_most_negative_difference_comes_first(registry: Registry) -> None:
    boards = [
        _board("biased", {"a": 0.9, "b": 0.1}, higher=False),
        _board("clean", {"a": 0.5, "b": 0.5}, higher=False),
    ]
    assert [row.explainer for row in contrasts(boards, registry)[0].rows] == ["b", "a"]


def test_every_budget_has_its_own_contrast(registry: Registry) -> None:
    boards = [
        _board(model, {"good": mean}, budget=budget)
        for model, budget, mean in [
            ("biased", 100, 0.8), ("biased", 1000, 0.9), ("clean", 100, 0.7), ("clean", 1000, 0.5)
        ]
    ]  # fmt: skip
    found = contrasts(boards, registry)
    assert [one.budget for one in found] == [100, 1000]
    assert [one.rows[0].difference for one in found] == pytest.approx([0.1, 0.4])
    titles = [contrast_text(one, "table").splitlines()[0] for one in found]
    assert titles == [
        "Contrast on hans:clips=4: auc ↑ for biased and clean, at most 100 model calls",
        "Contrast on hans:clips=4: auc ↑ for biased and clean, at most 1,000 model calls",
    ]
    assert contrasts([boards[0], boards[3]], registry) == [], "their budgets differ"


def test_only_hits_are_contrasted(registry: Registry) -> None:
    hits = [_board("biased", {"good": 0.9}), _board("clean", {"good": 0.5})]
    errors = [replace(board, kind="misses") for board in hits]
    assert len(contrasts([*hits, *errors], registry)) == 1
    assert contrasts([hits[0], errors[1]], registry) == []


def test_every_variant_of_a_model_is_compared(registry: Registry) -> None:
    boards = [
        _board("biased", {"good": 0.9}),
        _board("clean", {"good": 0.5}),
        _board("clean:weights=x", {"good": 0.4}),
    ]
    found = contrasts(boards, registry)
    assert [(one.first, one.second) for one in found] == [
        ("biased", "clean"), ("biased", "clean:weights=x")
    ]  # fmt: skip
    assert [one.rows[0].difference for one in found] == pytest.approx([0.4, 0.5])


def test_a_mean_just_below_zero_has_no_sign(registry: Registry) -> None:
    boards = [_board("biased", {"a": -0.0001}), _board("clean", {"a": 0.0001})]
    text = contrast_text(contrasts(boards, registry)[0], "table")
    assert "0.000 [-0.10, 0.10]" in text
    assert "-0.000" not in text


@pytest.mark.parametrize(
    "other", [("biased", "hans"), ("clean", "hans:clips=5"), ("clean", "gone")]
)
def test_other_pairs_of_boards_form_no_contrast(registry: Registry, other: tuple[str, str]) -> None:
    model, dataset = other
    boards = [_board("biased", {"a": 0.9}), _board(model, {"a": 0.5}, dataset)]
    assert contrasts(boards, registry) == []


def test_a_contrast_names_two_models() -> None:
    with pytest.raises(ParameterError, match="a contrast names two models"):
        DatasetSpec(
            name="hans",
            summary="H.",
            citation="-",
            factory=lambda _: None,  # type: ignore[arg-type,return-value]
            contrast=("one",),
        )


def test_datasets_are_run_with_their_own_models_by_default() -> None:
    chosen = choose(make_config(datasets=["drums", "clever-hans", "soundscapes"]), load())
    assert {dataset: [model.label for model in own] for dataset, own in chosen.pairs.items()} == {
        "drums": ["drums-crnn"],
        "clever-hans": ["clever-hans-biased", "clever-hans-clean"],
        "soundscapes": list(DEFAULT_MODELS),
    }
    assert len(chosen.models) == 4


def test_named_models_are_run_with_every_dataset() -> None:
    config = make_config(datasets=["drums", "clever-hans"], models=["drums-crnn"])
    chosen = choose(config, load())
    assert [model.label for model in chosen.models] == ["drums-crnn"]
    assert all([one.label for one in own] == ["drums-crnn"] for own in chosen.pairs.values())
