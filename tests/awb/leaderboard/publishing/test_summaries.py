"""Summaries over boards: synthetic boards with known answers, and the published ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from awb.data.skipped import LOW_SCORE, Skipped
from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.store import ExplanationRow
from awb.leaderboard.boards.layout import Layout
from awb.leaderboard.publishing.comparable_boards import (
    DELETION,
    LOCALIZATION,
    MARGIN,
    NEARLY_FULL,
    SUMMED,
    Comparable,
    SummaryBoard,
    comparable,
)
from awb.leaderboard.publishing.over_datasets import summarize_datasets
from awb.leaderboard.publishing.over_models import chosen_elsewhere, summarize_models
from awb.leaderboard.publishing.publication import render, write_summaries
from awb.leaderboard.publishing.summary_pages import datasets_page, models_page, summarize
from awb.leaderboard.submissions.files import Reader, Submitted, find
from awb.plugins.discovery import load
from awb.report.figures.critical import write_over_boards
from awb.specs import MetricSpec

ROOT = Path(__file__).resolve().parents[4]
BASELINES = frozenset({"oracle", "random", "energy"})
Scores = Mapping[str, Mapping[str, Sequence[float]]]


def _board(name: str, scores: Scores, *, control: bool = False, n_clips: int = 6) -> SummaryBoard:
    """Make a board from scores by explainer and metric, one value per clip or their mean.

    Values around a mean differ from clip to clip, as equal ones would have very wide intervals.
    """
    rows = [
        ExplanationRow(name, "model", explainer, f"c{clip}", "dog", "ok", "", 1, 1.0, 0.1)
        for explainer in scores
        for clip in range(n_clips)
    ]
    layout = Layout(rows)
    grids = {metric: np.full((len(scores), n_clips), np.nan) for metric in SUMMED}
    for explainer, own in scores.items():
        for metric, values in own.items():
            row = layout.row[explainer]
            steps = np.random.default_rng((row, SUMMED.index(metric))).permutation(n_clips)
            spread = (steps - (n_clips - 1) / 2) / (10 * n_clips) if len(values) == 1 else 0
            grids[metric][row] = np.asarray(values) + spread
    kept = tuple(Kept(f"c{clip}", "dog", 0, ((0.0, 1.0),), 0.0, "") for clip in range(n_clips))
    missed = (Skipped("c9", "dog", LOW_SCORE), Skipped("c9", "", "no events"))
    manifest = Manifest(name, "model", "", kept, missed)
    return SummaryBoard(name, name, "model", manifest, False, control, 0, BASELINES, layout, grids)


def _explainers(localization: Sequence[float], deletion: Sequence[float]) -> dict[str, dict]:
    """Four explainers e0..e3 with a value of each metric, and the baselines."""
    found = {
        f"e{place}": {LOCALIZATION: [auc], MARGIN: [2 * auc - 1], DELETION: [area]}
        for place, (auc, area) in enumerate(zip(localization, deletion, strict=True))
    }
    found["oracle"] = {
        LOCALIZATION: [1.0], MARGIN: [1.0], DELETION: [0.1],
        "ff@annotated": [0.8], "ff-in": [0.02],
    }  # fmt: skip
    found["random"] = {LOCALIZATION: [0.5], DELETION: [0.6], "ff@annotated": [0.1]}
    found["energy"] = {LOCALIZATION: [0.7], DELETION: [0.4]}
    return found


def _facts(name: str):
    spec = load().get("metric", name).spec
    assert isinstance(spec, MetricSpec)
    return spec.facts


def test_a_model_is_judged_by_its_faithful_explainers() -> None:
    boards = (
        _board("looks", _explainers([0.9, 0.4, 0.5, 0.6], [0.1, 0.5, 0.5, 0.5])),
        _board("elsewhere", _explainers([0.2, 0.9, 0.9, 0.9], [0.1, 0.5, 0.5, 0.5])),
        _board("unclear", _explainers([0.9, 0.9, 0.9, 0.9], [0.6, 0.7, 0.7, 0.7])),
    )
    summary = summarize_models(Comparable(boards, ("one board: why",)))
    assert summary is not None
    assert (summary.explainers, summary.n_faithful) == (("e0", "e1", "e2", "e3"), 1)
    looks, elsewhere, unclear = summary.rows
    assert looks.localization.mean == pytest.approx(0.9)
    assert looks.margin.mean == pytest.approx(0.8)
    assert looks.typical.mean == pytest.approx(0.6)
    assert looks.energy.mean == pytest.approx(0.7)
    assert looks.advantage.mean == pytest.approx(0.5)
    assert (looks.without_events.mean, looks.without_random.mean) == pytest.approx((0.8, 0.1))
    assert (looks.n_missed, looks.probability, looks.n_clips) == (1, 0.5, 6)
    assert looks.verdict == "at the events"
    assert elsewhere.localization.mean == pytest.approx(0.2)
    assert elsewhere.verdict == "away from the events"
    assert unclear.verdict.startswith("cannot say")
    page = models_page(summary)
    assert "Not compared: one board: why." in page
    assert "†" not in page


@pytest.mark.parametrize(("n_explainers", "n_faithful"), [(3, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_a_quarter_of_the_explainers_counts_as_faithful(n_explainers: int, n_faithful: int) -> None:
    areas = [0.1 + 0.05 * place for place in range(n_explainers)]
    aucs = [1.0 - 0.1 * place for place in range(n_explainers)]
    summary = summarize_models(Comparable((_board("b", _explainers(aucs, areas)),), ()))
    assert summary is not None
    assert summary.n_faithful == n_faithful
    assert summary.rows[0].localization.mean == pytest.approx(np.mean(aucs[:n_faithful]))


def test_chance_is_not_looking_at_the_events() -> None:
    scores = _explainers([0.5, 0.4, 0.5, 0.6], [0.1, 0.5, 0.5, 0.5])
    scores["e0"][LOCALIZATION] = [0.2, 0.9, 0.3, 0.7, 0.5, 0.4]
    summary = summarize_models(Comparable((_board("b", scores, control=True),), ()))
    assert summary is not None
    assert summary.rows[0].verdict == "not shown to look at the events"
    assert "†" in models_page(summary)


def test_explainers_alone_do_not_prove_looking_at_the_events() -> None:
    """They point there, but the probability falls no further than without random segments."""
    scores = _explainers([0.9, 0.4, 0.5, 0.6], [0.1, 0.5, 0.5, 0.5])
    scores["oracle"]["ff@annotated"] = [0.0, 0.9, 0.0, 0.9, 0.0, 0.0]
    scores["random"]["ff@annotated"] = [0.9, 0.0, 0.0, 0.0, 0.9, 0.0]
    summary = summarize_models(Comparable((_board("b", scores),), ()))
    assert summary is not None
    assert summary.rows[0].localization.low > 0.5
    assert summary.rows[0].events_matter.low <= 0
    assert summary.rows[0].verdict == "not shown to look at the events"


def test_explainers_are_chosen_without_the_clip_that_is_scored() -> None:
    """Choosing the best of many random explainers does not make them faithful."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(40, 30))
    clips = [f"c{row}" for row in range(40)]
    chosen = chosen_elsewhere(noise, clips, 3)
    assert (chosen.sum(axis=1) == 3).all()
    assert abs(noise[chosen].mean()) < 0.25
    flattered = noise[:, np.argsort(noise.mean(axis=0))[:3]].mean()
    assert flattered < -0.25
    for row in (0, 17):
        others = np.delete(noise, row, axis=0).mean(axis=0)
        assert set(np.flatnonzero(chosen[row])) == set(np.argsort(others)[:3])


def test_one_clip_leaves_nothing_to_choose_on() -> None:
    assert chosen_elsewhere([[1.0, 2.0], [3.0, 0.0]], ["a", "a"], 1).all()


def test_instances_that_an_explainer_misses_are_not_counted() -> None:
    scores = _explainers([0.9, 0.8, 0.7, 0.6], [0.1, 0.2, 0.3, 0.4])
    board = _board("b", scores, n_clips=40)
    board.grids[LOCALIZATION][board.layout.row["e1"], 0] = np.nan
    board.grids[LOCALIZATION][board.layout.row["e0"], 0] = 0.0
    summary = summarize_models(Comparable((board,), ()))
    assert summary is not None
    assert summary.rows[0].n_instances == 39
    assert summary.means[LOCALIZATION]["e0"][0].mean == pytest.approx(0.9, abs=0.002)


def test_mean_ranks_are_over_what_all_boards_rank() -> None:
    one = _explainers([0.9, 0.8, 0.7, 0.6], [0.1, 0.2, 0.3, 0.4])
    other = _explainers([0.5, 0.8, 0.7, 0.6], [0.1, 0.2, 0.3, 0.4])
    del other["e3"]
    boards = (_board("one", one), _board("other", other))
    summary = summarize_datasets(Comparable(boards, ()), _facts(LOCALIZATION))
    assert summary is not None
    assert summary.explainers == ("e0", "e1", "e2")
    assert [rank.rank for rank in summary.found.mean_ranks] == [2.0, 1.5, 2.5]
    assert [summary.explainers[column] for column in summary.order] == ["e1", "e0", "e2"]
    assert [partial.explainer for partial in summary.partial] == ["e3"]
    assert summary.partial[0].means[0] == pytest.approx(0.6)
    assert math.isnan(summary.partial[0].means[1])
    page = datasets_page([summary])
    assert "| e3          | 1 of 2   | 0.600" in page
    assert "With 2 boards, the tests over boards cannot separate any two explainers" in page
    assert "![" not in page


def test_localization_is_not_ranked_where_explainers_should_miss_the_events() -> None:
    scores = _explainers([0.9, 0.8, 0.7, 0.6], [0.1, 0.2, 0.3, 0.4])
    boards = tuple(_board(name, scores, control=name == "c") for name in "abc")
    located = summarize_datasets(Comparable(boards, ()), _facts(LOCALIZATION))
    deleted = summarize_datasets(Comparable(boards, ()), _facts(DELETION))
    assert located is not None
    assert deleted is not None
    assert [board.name for board in located.boards] == ["a", "b"]
    assert located.left_out == ("model on c: explainers should not point at the events there",)
    assert [board.name for board in deleted.boards] == ["a", "b", "c"]


def test_one_board_has_no_mean_rank(copy: Path) -> None:
    reader, registry = Reader(), load()
    found = summarize([reader.read(path) for path in find([copy])], registry)
    assert found.models is not None
    assert found.datasets == ()
    assert [row.board.model for row in found.models.rows] == ["loudness"]
    assert len(list(copy.glob("summary-*"))) == 1
    assert "](summary-models.md)" in (copy / "README.md").read_text(encoding="utf-8")


def test_nothing_published_has_no_summary(tmp_path: Path) -> None:
    (tmp_path / "submissions").mkdir()
    assert render(tmp_path, load()) == ([], [], [])
    assert not list(tmp_path.glob("summary-*"))


@pytest.fixture(scope="module")
def real() -> list[Submitted]:
    """All published submissions."""
    reader = Reader()
    return [reader.read(path) for path in find([ROOT / "leaderboards" / "submissions"])]


def _some(real: Sequence[Submitted], names: Sequence[str]) -> list[Submitted]:
    return [one for one in real if one.record.name in names]


def test_sparse_boards_do_not_empty_the_common_set(real: list[Submitted]) -> None:
    chosen = {"soundscape-ast", "soundscape-wave", "silero-vad"}  # boards of a choice of explainers
    wide = [one for one in real if one.record.model.name not in chosen]
    few = _some(wide, ["naive", "lime", "banzhaf", "grad-cam", "saliency", "oracle", "random"])
    part = [
        one
        for one in few
        if one.record.model.name != "drums-crnn" or one.record.name in ("lime", "random")
    ]
    found = comparable(part, load())
    sparse = ("drums-crnn on drums", "YAMNet on real sounds (folder)")  # lime@3000 is another name
    few = tuple(f"{title}: ranks 1 explainers, the fullest board 5" for title in sparse)
    assert (found.common([LOCALIZATION]), found.left_out) == (
        ["banzhaf", "grad-cam", "lime", "naive", "saliency"],
        few,
    )
    with_gradients = found.ranking(NEARLY_FULL)
    assert set(with_gradients.common([LOCALIZATION])) >= {"grad-cam", "saliency"}
    assert tuple(text.split(":")[0] for text in with_gradients.left_out) == sparse
    controls = [board.model for board in found.boards if board.control]
    assert controls == ["clever-hans-clean"]
    assert [board.model for board in found.boards if board.planted] == ["clever-hans-biased"]


def test_summaries_do_not_depend_on_the_order_of_submissions(real: list[Submitted]) -> None:
    few = _some(real, ["naive", "lime", "banzhaf", "oracle", "random", "energy"])
    pages = []
    for some in (few, few[::-1]):
        found = summarize(some, load())
        assert found.models is not None
        pages.append((models_page(found.models), datasets_page(found.datasets)))
    assert pages[0] == pages[1]


def test_pages_are_written_with_their_figures(real: list[Submitted], tmp_path: Path) -> None:
    boards = {"soundscape-cnn", "kws-cnn", "drums-crnn"}
    few = [one for one in real if one.record.model.name in boards]
    found = summarize(_some(few, ["naive", "lime", "banzhaf", "oracle", "random"]), load())
    contents = []
    for into in (tmp_path / "a", tmp_path / "b"):
        assert list(write_summaries(found, into, write_over_boards).values()) == [
            "summary-models.md",
            "summary-datasets.md",
        ]
        contents.append({path.name: path.read_bytes() for path in into.iterdir()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 5
    page = contents[0]["summary-datasets.md"].decode()
    drawn = contents[0]["summary-datasets-roc-auc.svg"].decode()
    assert "](summary-datasets-roc-auc.svg)" in page
    assert "no difference can be significant with fewer than 7 boards" in drawn
    assert ">naive" in drawn
    write_summaries(found, tmp_path / "c")
    assert "![" not in (tmp_path / "c" / "summary-datasets.md").read_text(encoding="utf-8")
    assert len(list((tmp_path / "c").iterdir())) == 2
