"""Views of a run for reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import small_data
from awb.errors import DataError, UnknownNameError
from awb.harness.selection.manifest import make_instance
from awb.harness.storage.run_folder import RunFolder
from awb.maskers import noise
from awb.perturbation import Design, Perturber
from awb.plugins.discovery import load
from awb.randomness import RandomKey
from awb.report.views.board import BoardView, extremes, find_board, read_views
from awb.report.views.clips import Heard, RunClips, require
from awb.types import AudioArray
from browser import awb, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("views")
    data = [small_data.build(folder / name, 4) for name in ("one", "two")]
    return RunFolder.open(make_run(folder / "run", *data))


@pytest.fixture(scope="module")
def views(run: RunFolder) -> list[BoardView]:
    return read_views(run, load())


def test_instances_come_worst_first_and_explanations_best_first(views: list[BoardView]) -> None:
    view = views[0]
    levels = [one.level for one in view.instances]
    assert levels == sorted(levels)
    assert len(levels) == 4
    for one in view.instances:
        scores = [each.scores["roc-auc"] for each in one.explanations]
        assert scores == sorted(scores, reverse=True)
        judged = [each.scores["roc-auc"] for each in one.explanations if not each.baseline]
        assert one.level == pytest.approx(np.mean(judged))


def test_boards_that_share_clips_keep_their_own_relevance(
    run: RunFolder, views: list[BoardView]
) -> None:
    store = run.store()
    for view in views:
        found = store.relevances(view.board.dataset, view.board.model)
        for one in view.instances:
            own = found[one.kept.clip_id, one.kept.target]
            assert {each.explainer for each in one.explanations} == set(own)
            for each in one.explanations:
                np.testing.assert_array_equal(each.relevance, own[each.explainer])
    assert "saliency" not in found["clip-0.wav", "Loud"], "it does not apply: no relevance"


def test_an_instance_is_found_by_name_clip_or_number(views: list[BoardView]) -> None:
    view = views[0]
    assert view.instance("1") is view.instances[0]
    one = view.instance("clip-2.wav")
    assert view.instance("clip-2.wav/Loud") is one
    with pytest.raises(UnknownNameError, match=r"Did you mean clip-2\.wav/Loud"):
        view.instance("clip-2.wav/Load")
    assert find_board(views, 2) is views[1]
    with pytest.raises(UnknownNameError, match="no board 3"):
        find_board(views, 3)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 9])
def test_extremes_are_the_worst_and_the_best(views: list[BoardView], count: int) -> None:
    instances = list(views[0].instances)
    chosen = extremes(instances, count)
    assert len(chosen) == min(count, 4)
    worst = (count + 1) // 2
    best = instances[4 - (count - worst) :] if count - worst else []
    assert chosen == (instances if count >= 4 else [*instances[:worst], *best])


def test_the_audio_is_what_the_model_heard(run: RunFolder, views: list[BoardView]) -> None:
    heard = RunClips(run, load()).load(views[0].instances[0])
    assert isinstance(heard, Heard)
    assert heard.clip.sample_rate_hz == 16000
    assert heard.segments.n_cells == views[0].instances[0].explanations[0].relevance.size
    assert heard.fill is not None
    assert not heard.fill.any(), "the run's masker is silence"


def test_the_masker_fills_in_what_it_filled_in_during_the_run(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 1)
    run = RunFolder.open(make_run(tmp_path / "run", data, masker="noise:level_db=-6"))
    one = read_views(run, load())[0].instances[0]
    heard = require(RunClips(run, load()), one)
    instance = make_instance("folder", heard.clip, one.kept, 16000)
    key = RandomKey((0, "folder", one.kept.clip_id, one.kept.target))
    perturber = Perturber(
        Levels(), instance, heard.segments, noise(level_db=-6.0), key, design=Design(1)
    )
    assert heard.fill is not None
    assert heard.fill.any()
    np.testing.assert_array_equal(heard.fill, perturber.fill)
    page = tmp_path / "page.html"
    assert awb("report", run.path, "--out", page).exit_code == 0
    assert page.read_text(encoding="utf-8").count('class="sound-data"') == 2, "clip and noise"


def test_gaps_that_depend_on_the_mask_are_not_played(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 1)
    run = RunFolder.open(make_run(tmp_path / "run", data, masker="interpolate"))
    one = read_views(run, load())[0].instances[0]
    assert require(RunClips(run, load()), one).fill is None
    page = tmp_path / "page.html"
    assert awb("report", run.path, "--out", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert text.count('class="sound-data"') == 1, "the clip"
    assert '"onlyWhole": "the run' in text or '"onlyWhole":"the run' in text


class Levels:
    """A model of two classes that reports only the level of the clip."""

    sample_rate_hz = 16000
    classes = ("Loud", "Quiet")

    def scores(self, waveforms: AudioArray) -> AudioArray:
        level = np.square(waveforms).mean(axis=1)
        return np.stack([level, -level], axis=1).astype(np.float32)


def test_changed_audio_is_not_played(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 2)
    run = RunFolder.open(make_run(tmp_path / "run", data))
    view = read_views(run, load())[0]
    small_data.write_clip(data / "audio" / "clip-0.wav", [0.5], seed=99)
    clips = RunClips(run, load())
    reason = clips.load(view.instance("clip-0.wav"))
    assert isinstance(reason, str)
    assert "changed since the run" in reason
    with pytest.raises(DataError, match="changed since the run"):
        require(clips, view.instance("clip-0.wav"))
