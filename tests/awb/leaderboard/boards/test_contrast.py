"""Contrasts: which boards form one, their order, and the models that datasets name."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from awb.errors import ParameterError
from awb.harness.config.choice import DEFAULT_MODELS, choose
from awb.harness.config.run_config import make_config
from awb.leaderboard.boards.board import Board, BoardRow, Cell
from awb.leaderboard.boards.contrast import contrast_text, contrasts
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registered, Registry, load
from awb.specs import DatasetSpec, Origin


def _facts(higher_is_better: bool) -> MetricFacts:
    return MetricFacts(
        name="auc", family="localization", summary="s", higher_is_better=higher_is_better,
        lowest=0, highest=1, unit="u", undefined="n", citation="c",
    )  # fmt: skip


def _board(
    model: str, means: Mapping[str, float], dataset: str = "hans:clips=4", higher: bool = True
) -> Board:
    rows = tuple(
        BoardRow(None, name, False, 1.0, 1.0, (Cell(mean, mean - 0.1, mean + 0.1, 3),))
        for name, mean in means.items()
    )
    return Board(dataset, model, (_facts(higher),), rows, 3, 3, {}, (), (), "hash", True)


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
