"""frame-scores: the model's own scores over time, as a row without a place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import awb
from awb.errors import NotApplicableError
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.construction import make_board, read_boards
from awb.leaderboard.boards.outlook import outlook_sentences
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve_all
from awb.segments import Segments
from awb.types import Clip
from awb_plugins.explainers.frame_scores import SPEC, frame_scores, over_segments
from fakes import CELL, RATE_HZ, WeightedEnergy, instance_of, perturber_for, unit_clip

FRAME = CELL // 2


def _power(waveforms: Any) -> Any:
    frames = waveforms[:, : waveforms.shape[1] // FRAME * FRAME].reshape(len(waveforms), -1, FRAME)
    return np.square(frames).mean(axis=2)


class Detector:
    """Frames of half a segment, whose score is ten times their power, less 2."""

    sample_rate_hz = RATE_HZ
    classes = ("Loud", "Quiet")

    def frame_scores(self, waveform: Any) -> Any:
        score = 10 * _power(waveform[np.newaxis])[0] - 2
        return np.stack([score, -score], axis=1).astype(np.float32)

    def frame_score_spans_s(self, n_samples: int) -> Any:
        starts = np.arange(n_samples // FRAME) * FRAME / RATE_HZ
        return np.stack([starts, starts + FRAME / RATE_HZ], axis=1)

    def scores(self, waveforms: Any) -> Any:
        return np.stack([self.frame_scores(one).max(axis=0) for one in waveforms])


def _asked(model: Any, clip: Clip, target: int = 0) -> tuple[Any, Any]:
    perturber = perturber_for(model, clip)
    view = perturber.view()
    instance = instance_of(clip, target) if target else instance_of(clip)
    return frame_scores(view, instance, np.random.default_rng(0)), view.cost


def test_it_says_what_the_frames_say_and_costs_one_call() -> None:
    clip = unit_clip(5)
    loudness = np.array([0.1, 0.1, 1.0, 0.5, 0.2, 0.2, 0.9, 0.9, 0.0, 0.4])
    one = Clip("c", clip.waveform * np.repeat(loudness, FRAME).astype(np.float32), RATE_HZ)
    found, cost = _asked(Detector(), one)
    assert cost.calls == 1
    expected = (10 * _power(one.waveform[np.newaxis])[0] - 2).reshape(5, 2).mean(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert found.argmax() == 3


def test_windows_count_as_frames() -> None:
    def score(window: Any) -> Any:
        return np.array([10 * np.square(window).mean() - 2, 0.0])

    model = awb.windowed_model(
        score,
        window_s=2 * CELL / RATE_HZ,
        hop_s=CELL / RATE_HZ,
        classes=["Loud", "Quiet"],
        sample_rate_hz=RATE_HZ,
        output="logits",
    )
    loudness = np.array([0.0, 0.2, 1.0, 0.3, 0.0])
    clip = unit_clip(5)
    one = Clip("c", clip.waveform * np.repeat(loudness, CELL).astype(np.float32), RATE_HZ)
    found, _ = _asked(model, one)
    power = np.square(one.waveform).reshape(5, CELL).mean(axis=1)
    windows = 10 * (power[:-1] + power[1:]) / 2 - 2
    by_hand = [windows[0], *((windows[:-1] + windows[1:]) / 2), windows[-1]]
    np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_shares_of_time_are_those_counted_sample_by_sample(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_samples, rate_hz = int(rng.integers(900, 2000)), 1000
    segments = Segments(n_samples, rate_hz)
    starts = rng.integers(-100, n_samples, 12)
    spans = np.stack([starts, starts + rng.integers(1, 400, 12)], axis=1)
    scores = rng.normal(size=12)
    expected = []
    for first, end in zip(segments.edges_samples[:-1], segments.edges_samples[1:], strict=True):
        heard = [
            score
            for sample in range(first, end)
            for (start, stop), score in zip(spans, scores, strict=True)
            if start <= sample < stop
        ]
        expected.append(np.mean(heard) if heard else scores.min())
    found = over_segments(scores, spans / rate_hz, segments)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_model_without_frames_is_told() -> None:
    with pytest.raises(NotApplicableError, match="declares no scores of frames or windows"):
        _asked(WeightedEnergy(np.ones(4)), unit_clip(4))


def test_the_row_has_no_place_and_changes_no_other(tmp_path: Path) -> None:
    def score(window: Any) -> Any:
        return np.array([100 * np.square(window).mean() - 1])

    model = awb.windowed_model(
        score,
        window_s=0.2,
        classes=["Cowbell"],
        sample_rate_hz=16_000,
        output="logits",
        name="loud",
    )
    awb.run(
        models=[model],
        explainers="naive,rise,frame-scores",
        metrics="roc-auc",
        clips=1,
        samples=10,
        min_score=-50,
        jobs=1,
        out=tmp_path / "run",
    )
    [data] = read_boards(RunFolder.open(tmp_path / "run"), load())
    board = make_board(data)
    rows = {row.explainer: row for row in board.rows}
    reference = rows.pop("frame-scores")
    assert (reference.place, reference.reference) == (None, True)
    assert (reference.coverage, reference.calls) == (1.0, 1.0)
    without = replace(
        data,
        scores=[row for row in data.scores if row.explainer != "frame-scores"],
        explanations=[row for row in data.explanations if row.explainer != "frame-scores"],
    )
    plain = {row.explainer: row for row in make_board(without).rows}
    assert repr(sorted(rows.items())) == repr(sorted(plain.items()))  # NaN of a clip alone
    assert not any("frame-scores" in line for line in outlook_sentences(board))


def test_it_is_run_where_it_is_named() -> None:
    assert SPEC.reference
    assert not SPEC.baseline
    assert "frame-scores" not in {one.label for one in resolve_all(load(), "explainer", ["all"])}
