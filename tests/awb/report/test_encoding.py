"""Compact encodings of a page, compared with their sources."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from awb.randomness import RandomKey
from awb.report.encoding import KeptCounts, kept_cells, opus, outline, whole_numbers
from awb.report.views.spectrogram import spectrogram
from awb.scoring import Scoring
from awb.segments import Segments
from fakes import CELL, WeightedEnergy, instance_of, perturber_for, unit_clip

KEY = RandomKey((0, "fake", "clip", "Target"))


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 32000, 44100, 48000])
def test_opus_sounds_as_long_and_as_loud_as_the_waveform(rate_hz: int) -> None:
    time_s = np.arange(2 * rate_hz) / rate_hz
    waveform = (0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    heard, heard_hz = soundfile.read(io.BytesIO(opus(waveform, rate_hz)))
    assert heard.size / heard_hz == pytest.approx(2.0, abs=0.03)
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


def test_opus_is_small() -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 160_000).astype(np.float32)
    assert len(opus(noise, 16000)) < 80_000, "10 s, so that 50 clips stay below 10 MB as base64"


def test_the_outline_reaches_as_far_as_the_samples() -> None:
    waveform = np.random.default_rng(1).uniform(-0.8, 0.4, 5000).astype(np.float32)
    low, high = np.array(outline(waveform, 100)).T
    peak = np.abs(waveform).max()
    for part, (least, most) in enumerate(zip(low, high, strict=True)):
        stretch = waveform[part * 50 : part * 50 + 50] / peak
        assert least == round(100 * float(stretch.min()))
        assert most == round(100 * float(stretch.max()))
    assert len(outline(waveform[:7], 100)) == 7
    assert outline(np.zeros(10, np.float32), 2) == [[0, 0], [0, 0]]


def test_relevance_keeps_its_shape() -> None:
    relevance = np.random.default_rng(2).standard_normal(50) * 1e-7
    whole = np.array(whole_numbers(relevance))
    assert np.abs(whole).max() == 1000
    np.testing.assert_allclose(whole / 1000, relevance / np.abs(relevance).max(), atol=5e-4)
    assert whole_numbers(np.zeros(3)) == [0, 0, 0]


def test_kept_cells_are_those_that_the_fidelity_metrics_insert_first() -> None:
    clip = unit_clip(10)
    perturber = perturber_for(WeightedEnergy(np.ones(10)), clip)
    relevance = np.array([1.0, 1, 1, 1, 0, 0, 2, 1, 1, 1])  # ties: the seeded order decides
    scoring = Scoring(
        relevance, instance_of(clip).intervals_s, perturber, KEY.child("metric", "one")
    )
    for count in (0, 1, 3, 10):
        expected = set(scoring.order[:count].tolist())
        kept = kept_cells(relevance, count, KEY.child("metric", "one"))
        assert {cell for cell, mark in enumerate(kept) if mark == "1"} == expected


def test_as_much_is_kept_as_is_annotated() -> None:
    segments = Segments(10 * CELL, 10 * CELL)  # ten cells of a tenth of a second
    counts = KeptCounts.of(segments, np.array([[0.1, 0.35]]))
    assert counts == KeptCounts(annotated=2, fifth=2)
    assert KeptCounts.of(segments, np.empty((0, 2))).annotated == 0


def test_a_tone_is_darkest_where_it_sounds(tmp_path: Path) -> None:
    rate_hz = 16000
    time_s = np.arange(2 * rate_hz) / rate_hz
    waveform = np.where(time_s < 1, np.sin(2 * np.pi * 1000 * time_s), 0).astype(np.float32)
    found = spectrogram(waveform, rate_hz, bins=80, frames=100)
    assert found.levels.shape == (80, 100)
    row = int(found.levels[:, :45].mean(axis=1).argmax())
    height = {name: part for part, name in found.ticks}["1 kHz"]
    assert 1 - (row + 0.5) / 80 == pytest.approx(height, abs=0.03)
    assert found.levels[:, 55:].max() == 0
    picture = Image.open(io.BytesIO(found.webp()))
    assert picture.size == (100, 80)
    assert np.asarray(picture.convert("L"))[row, :40].max() < 40


def test_a_clip_shorter_than_a_window_has_a_spectrogram() -> None:
    """Of all frequencies alike, as a click has."""
    levels = spectrogram(np.eye(1, 10, 5, np.float32)[0], 16000, bins=8, frames=20).levels
    assert levels.shape == (8, 20)
    assert levels.min() > 250


def test_silence_is_drawn_as_silence() -> None:
    assert not spectrogram(np.zeros(8000, np.float32), 16000).levels.any()
