"""Segments that follow the sound: seen by explainers, scored on the cells."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import DataError, NotApplicableError, ParameterError
from awb.harness.config.run_config import make_config
from awb.harness.unit.following import on_cells, segment_of_cells
from awb.harness.unit.question import Question
from awb.maskers import zeros
from awb.metrics import roc_auc
from awb.plugins.discovery import load
from awb.plugins.resolve import Resolved, resolve
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import Explanation
from fakes import WeightedEnergy, instance_of, unit_clip

WEIGHTS = np.array([0, 0, 4, 6, 0, -2, 0, 0, 1, 0.5])
OF_CELLS = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "edges.tsv"
    path.write_text("clip\tedge_s\nclip\t0.27\nclip\t0.6\n", encoding="utf-8")
    return path


def _question(segments: Path | str, **settings: Any) -> Question:
    clip = unit_clip(WEIGHTS.size)
    config = make_config(samples=200, segments=str(segments), **settings)
    key = RandomKey((0, "fake", clip.id, "Target"))
    return Question(WeightedEnergy(WEIGHTS), instance_of(clip), config, zeros, key)


def _explain(question: Question, text: str) -> Explanation:
    resolved: Resolved = resolve(load(), "explainer", text)
    explainer = resolved.spec.factory(resolved.parameters)
    return question.explain(resolved, explainer).explanation


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=30).map(sorted),
    st.integers(0, 2**31),
)
def test_the_total_is_kept(numbers: list[int], seed: int) -> None:
    segment = np.unique(numbers, return_inverse=True)[1]
    values = np.random.default_rng(seed).normal(size=segment.max() + 1)
    found = on_cells(Explanation(values), segment).relevance
    assert found.sum() == pytest.approx(values.sum(), abs=1e-9)
    for number, value in enumerate(values):
        inside = found[segment == number]
        assert np.ptp(inside) == 0
        assert inside.sum() == pytest.approx(value)


def test_splitting_a_segment_into_equal_halves_changes_no_score() -> None:
    whole = on_cells(Explanation(np.array([1.0, 4.0, -1.0])), np.repeat([0, 1, 2], [2, 4, 3]))
    halves = np.repeat([0, 1, 2, 3], [2, 2, 2, 3])
    split = on_cells(Explanation(np.array([1.0, 2.0, 2.0, -1.0])), halves)
    np.testing.assert_array_equal(split.relevance, whole.relevance)
    labels = np.array([0, 1, 1, 0, 1, 1, 0, 0, 1], dtype=np.int8)
    assert roc_auc(split.relevance, labels) == roc_auc(whole.relevance, labels)


@given(st.lists(st.integers(1, 999), max_size=12, unique=True))
def test_cells_go_to_the_segment_of_their_centre(inner: list[int]) -> None:
    edges = [0, *sorted(inner), 1000]
    found = segment_of_cells(edges, Segments(1000, 1000))
    spans = list(pairwise(edges))
    slow = [
        next(k for k, (start, stop) in enumerate(spans) if start <= 100 * cell + 50 < stop)
        for cell in range(10)
    ]
    renumbered = {old: new for new, old in enumerate(sorted(set(slow)))}
    assert found.tolist() == [renumbered[one] for one in slow]


def test_shapley_values_are_those_of_the_segments_of_a_table(table: Path) -> None:
    question = _question(table)
    found = _explain(question, "kernel-shap")
    assert question.segment_of_cells.tolist() == OF_CELLS
    # the model is additive and all cells are equally loud: a cell is worth its weight / 4
    worth = np.bincount(OF_CELLS, WEIGHTS / 4) / np.bincount(OF_CELLS)
    np.testing.assert_allclose(found.relevance, worth[OF_CELLS], atol=1e-5)
    assert 0 < found.cost.calls <= 202


def test_each_cell_as_a_segment_is_the_fixed_case(tmp_path: Path) -> None:
    path = tmp_path / "edges.csv"
    rows = [f"clip,{cell / 10}" for cell in range(1, WEIGHTS.size)]
    path.write_text("\n".join(["clip,edge_s", *rows]), encoding="utf-8")
    followed = _explain(_question(path), "kernel-shap").relevance
    np.testing.assert_allclose(followed, WEIGHTS / 4, atol=1e-5)
    np.testing.assert_allclose(_explain(_question("fixed"), "kernel-shap").relevance, followed)


@pytest.mark.parametrize("name", ["ridge", "kernel-shap", "random-forest", "lime"])
def test_a_clip_that_is_not_cut_is_one_segment(tmp_path: Path, name: str) -> None:
    path = tmp_path / "edges.tsv"
    path.write_text("clip\tedge_s\nclip\t0\n", encoding="utf-8")
    assert np.ptp(_explain(_question(path), name).relevance) == 0


@pytest.mark.parametrize(
    "name", ["ridge", "linear-regression", "lasso", "lime", "random-forest", "banzhaf"]
)
def test_explainers_of_unequal_segments_give_each_cell_of_a_segment_the_same(
    table: Path, name: str
) -> None:
    found = _explain(_question(table), name).relevance
    assert all(np.ptp(found[np.equal(OF_CELLS, number)]) == 0 for number in range(3))
    assert found[-1] < found[:6].min()  # 1.5 in four cells, the others 4 in three


def test_onsets_are_deterministic_and_baselines_stay_on_the_cells(table: Path) -> None:
    one, other = _question("onsets"), _question("onsets")
    assert one.segment_of_cells.tolist() == other.segment_of_cells.tolist()
    fixed = _explain(_question("fixed"), "oracle").relevance
    np.testing.assert_array_equal(_explain(_question(table), "oracle").relevance, fixed)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("naive", "does not take segments of unequal length"),
        ("ridge:window_s=0.3", "window_s needs segments of one length"),
        ("ridge:smoothing=moving-average", "smoothing needs segments of one length"),
    ],
)
def test_what_counts_in_seconds_is_not_applicable(table: Path, name: str, reason: str) -> None:
    with pytest.raises(NotApplicableError, match=reason):
        _explain(_question(table), name)


def test_its_surrogate_is_not_asked_about_cells(table: Path) -> None:
    surrogate = _explain(_question(table), "ridge").surrogate
    assert surrogate is not None
    with pytest.raises(NotApplicableError, match="follow the sound"):
        surrogate(np.zeros((1, WEIGHTS.size), dtype=bool))


def test_a_clip_without_edges_is_named(table: Path) -> None:
    question = _question(table)
    clip = replace(question.instance.clip, id="another")
    question = replace(question, instance=replace(question.instance, clip=clip))
    with pytest.raises(DataError, match="no edges of clip another"):
        _explain(question, "ridge")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"segments": "onset"}, "segments: onset: neither fixed nor onsets"),
        ({"segments": "onsets", "segment_s": 0.5}, "do not overlap"),
        ({"segments": "onsets", "robustness": 5}, "leave out --robustness"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ParameterError, match=reason):
        make_config(**settings)


def test_words_are_those_of_the_grids_beside_the_clips(tmp_path: Path) -> None:
    (tmp_path / "speaker").mkdir()
    (tmp_path / "speaker" / "clip.TextGrid").write_text("", encoding="utf-8")
    for tier in ("words", "phones"):
        config = make_config(datasets=[f"folder:{tmp_path}"], segments=tier)
        assert (config.segments, config.segments_tier) == (str(tmp_path.resolve()), tier)
    with pytest.raises(ParameterError, match="leave out --segments-tier words"):
        make_config(datasets=[f"folder:{tmp_path}"], segments="phones", segments_tier="words")


def test_words_without_grids_say_what_to_type(tmp_path: Path) -> None:
    for datasets in (["soundscapes"], [f"folder:{tmp_path}"], [f"folder:{tmp_path}", "kws"]):
        with pytest.raises(ParameterError, match="type --segments FOLDER --segments-tier words"):
            make_config(datasets=datasets, segments="words")
