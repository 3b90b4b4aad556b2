"""Replaced frequency bands: what is heard, what is computed, and the area of the curve."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann
from scipy.special import expit

from awb.builtins.metrics import METRICS
from awb.errors import NotApplicableError, ParameterError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.maskers import noise, zeros
from awb.perturbation import Design, Perturber
from awb.perturbation.bands import BandRenderer
from awb.protocols import ScoreArray
from awb.randomness import RandomKey
from awb.scoring import NO_FREQUENCIES, NO_TIMES, Scoring
from awb.segments import Segments
from awb.types import AudioArray, Clip, Event, Instance
from fakes import WeightedEnergy, perturber_for, unit_clip

RATE_HZ, SECONDS = 8000, 1.0
TONES_HZ = (300.0, 1200.0, 3000.0)
GAINS = (2.0, 6.0, -1.0)
EDGES_HZ = [0.0, 700.0, 2000.0, 4000.0]
SPECS = {spec.name: spec for spec in METRICS}
TF = [name for name in SPECS if name.startswith("tf-")]


def _clip() -> Clip:
    times_s = np.arange(int(RATE_HZ * SECONDS)) / RATE_HZ
    waveform = sum(0.2 * np.sin(2 * np.pi * hz * times_s) for hz in TONES_HZ)
    return Clip("tones", np.asarray(waveform, dtype=np.float32), RATE_HZ)


class ThreeTones:
    """A model whose log-odds add the levels of three tones, each with its weight."""

    sample_rate_hz = RATE_HZ
    classes = ("Target",)

    def __init__(self) -> None:
        self.seen = 0

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        self.seen += len(waveforms)
        power = np.abs(np.fft.rfft(waveforms.astype(np.float64), axis=1)) ** 2
        hz = np.fft.rfftfreq(waveforms.shape[1], 1 / RATE_HZ)
        unit = (0.1 * waveforms.shape[1]) ** 2
        levels = [power[:, np.abs(hz - tone) < 100].sum(axis=1) / unit for tone in TONES_HZ]
        score = np.stack(levels, axis=1) @ np.array(GAINS) - 3.0
        return score[:, np.newaxis].astype(np.float32)

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        return (np.arange(n_frames, dtype=np.float64) + 0.5) / n_frames

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        return np.array([250.0, 500.0, 1000.0, 1500.0, 2500.0, 3500.0])[:n_bins]


def _perturber(model: ThreeTones, masker: object = zeros) -> Perturber:
    clip = _clip()
    instance = Instance("d", clip, "Target", 0, np.array([[0.2, 0.4]]))
    segments = Segments(clip.waveform.size, RATE_HZ)
    return Perturber(model, instance, segments, masker, RandomKey((0,)), design=Design(10))  # type: ignore[arg-type]


def _map(*bands: float) -> FloatArray:
    return np.repeat([np.repeat(bands, 2)], 10, axis=0)


def _scoring(grid: FloatArray | None, perturber: Perturber, **settings: object) -> Scoring:
    return Scoring(
        np.ones(10),
        np.array([[0.2, 0.4]]),
        perturber,
        RandomKey((0,)),
        time_frequency=grid,
        **settings,  # type: ignore[arg-type]
    )


def _value(name: str, scoring: Scoring, **settings: object) -> float:
    return float(SPECS[name].factory(SPECS[name].parameters(**settings))(scoring))


def test_a_dropped_band_loses_its_tone_and_no_other() -> None:
    clip = _clip()
    renderer = BandRenderer(
        clip.waveform, np.zeros_like(clip.waveform), RATE_HZ, np.array(EDGES_HZ)
    )
    audio = renderer.render(np.eye(3, dtype=bool))
    levels = np.abs(np.fft.rfft(audio, axis=1))[:, [300, 1200, 3000]] / 800
    np.testing.assert_allclose(levels, 1.0 - np.eye(3), atol=0.02)


def test_opposite_masks_add_up_to_the_clip_and_the_fill() -> None:
    rng = np.random.default_rng(0)
    clip, fill = (rng.uniform(-0.4, 0.4, 5000).astype(np.float32) for _ in range(2))
    renderer = BandRenderer(clip, fill, RATE_HZ, np.array(EDGES_HZ))
    masks = np.array([[True, False, True], [False, True, False]])
    np.testing.assert_allclose(renderer.render(masks).sum(axis=0), clip + fill, atol=1e-5)
    none, every = renderer.render(np.array([[False] * 3, [True] * 3]))
    np.testing.assert_allclose(none, clip, atol=1e-6)
    np.testing.assert_allclose(every, fill, atol=1e-6)


@pytest.mark.parametrize("n_samples", [700, 5000, 16001])
def test_rendered_bands_are_those_of_scipy_to_the_bit(n_samples: int) -> None:
    rng = np.random.default_rng(n_samples)
    clip, fill = (rng.uniform(-0.9, 0.9, n_samples).astype(np.float32) for _ in range(2))
    window = min(512, 2 * n_samples) // 4 * 4
    plain = ShortTimeFFT(hann(window, sym=False), window // 4, RATE_HZ)
    heard, lost = (plain.stft(np.pad(one.astype(np.float64), (0, window))) for one in (clip, fill))
    band = np.digitize(plain.f, EDGES_HZ[1:-1])
    masks = rng.random((5, 3)) < 0.5
    expected = [
        plain.istft(np.where(mask[band][:, np.newaxis], lost, heard), k1=n_samples + window)
        for mask in masks
    ]
    found = BandRenderer(clip, fill, RATE_HZ, np.array(EDGES_HZ)).render(masks)
    clipped = np.clip(np.array(expected)[:, :n_samples], -1.0, 1.0).astype(np.float32)
    np.testing.assert_array_equal(found, clipped)


def test_scores_are_those_of_the_tones_that_are_left() -> None:
    masks = np.array([[bool(code >> bit & 1) for bit in range(3)] for code in range(8)])
    found = _perturber(ThreeTones()).band_scores(masks, EDGES_HZ)
    expected = (~masks * 4.0) @ np.array(GAINS) / 1.0 - 3.0
    unit = ThreeTones().scores(_clip().waveform[np.newaxis])[0, 0] + 3.0
    np.testing.assert_allclose(found, expected * unit / 28.0 + 3.0 * (unit / 28.0 - 1), atol=0.15)


def test_known_bands_are_not_scored_again_and_views_share_them() -> None:
    model = ThreeTones()
    perturber = _perturber(model)
    masks = np.array([[True, False, False], [False, True, False]])
    first = perturber.band_scores(masks, EDGES_HZ)
    seen = model.seen
    np.testing.assert_array_equal(perturber.view().band_scores(masks[::-1], EDGES_HZ), first[::-1])
    assert model.seen == seen
    assert perturber.cost.calls == 2


def test_nothing_and_everything_are_the_clip_and_its_replacement() -> None:
    perturber = _perturber(ThreeTones(), noise(0.0))
    ends = perturber.band_scores(np.array([[False] * 3, [True] * 3]), EDGES_HZ)
    assert ends.tolist() == [perturber.clip_score(), perturber.dropped_score()]


@pytest.mark.parametrize(
    ("masks", "edges", "said"),
    [
        (np.zeros((1, 2), dtype=bool), EDGES_HZ, r"shape \(n, 3\)"),
        (np.zeros((1, 3)), EDGES_HZ, "boolean"),
        (np.zeros((1, 2), dtype=bool), [0.0, 900.0, 500.0], "increasing"),
    ],
)
def test_what_is_no_mask_of_bands_is_refused(
    masks: FloatArray, edges: list[float], said: str
) -> None:
    with pytest.raises(ParameterError, match=said):
        _perturber(ThreeTones()).band_scores(masks, edges)


def test_the_area_is_that_of_a_loop_over_the_bands() -> None:
    perturber = _perturber(ThreeTones())
    areas = {}
    for order in ((3.0, 9.0, 1.0), (9.0, 3.0, 1.0), (1.0, 3.0, 9.0)):
        scoring = _scoring(_map(*order), perturber)
        edges = np.array([0.0, 750.0, 2000.0, 4000.0])
        dropped, curve = [False] * 3, []
        for band in [None, *np.argsort(order)[::-1].tolist()]:
            if band is not None:
                dropped[band] = True
            curve.append(float(expit(perturber.band_scores(np.array([dropped]), edges)[0])))
        slow = sum((a + b) / 2 for a, b in pairwise(curve)) / 3
        areas[order] = _value("band-deletion-area", scoring, bands=3)
        assert areas[order] == pytest.approx(slow)
    assert min(areas, key=areas.__getitem__) == (3.0, 9.0, 1.0), "the most telling band first"


def test_explanations_share_the_scores_of_bands() -> None:
    model = ThreeTones()
    perturber = _perturber(model)
    for order in ((3.0, 9.0, 1.0), (3.0, 9.0, 1.5)):
        _value("band-deletion-area", _scoring(_map(*order), perturber), bands=3)
        seen = model.seen
    _value("band-deletion-area", _scoring(_map(30.0, 90.0, 10.0), perturber), bands=3)
    assert model.seen == seen


def _event(low_hz: float | None = 900.0, high_hz: float | None = 1600.0) -> Event:
    return Event(0.2, 0.4, "Target", None, low_hz, high_hz)


def test_a_map_is_scored_in_the_box_of_the_event() -> None:
    grid = np.zeros((10, 6))
    grid[2:4, 2:4] = 1.0
    scoring = _scoring(grid, _perturber(ThreeTones()), events=[_event()])
    assert {name: _value(name, scoring) for name in TF} == dict.fromkeys(TF, 1.0)
    half = _scoring(grid[:, ::-1] + grid, _perturber(ThreeTones()), events=[_event()])
    grid[2:4, 4:] = 1.0
    beside = _scoring(grid, _perturber(ThreeTones()), events=[_event()])
    assert _value("tf-mass-accuracy", beside) == 0.5
    assert _value("tf-mass-accuracy", half) == 1.0


def test_every_reason_for_no_value_is_told() -> None:
    grid, perturber = np.ones((10, 6)), _perturber(ThreeTones())
    for name in TF:
        for events in ([], [_event(None, None)], [_event(), _event(None, None)]):
            with pytest.raises(UndefinedScoreError, match=NO_FREQUENCIES):
                _value(name, _scoring(grid, perturber, events=events))
        with pytest.raises(NotApplicableError, match="no time-frequency map"):
            _value(name, _scoring(None, perturber, events=[_event()]))
        without = Scoring(np.ones(10), np.empty((0, 2)), perturber, RandomKey((0,)))
        with pytest.raises(UndefinedScoreError, match=NO_TIMES):
            _value(name, without)
        deaf = Scoring(
            np.ones(10),
            np.array([[0.2, 0.4]]),
            perturber_for(WeightedEnergy(np.ones(10)), unit_clip(10)),
            RandomKey((0,)),
            time_frequency=grid,
            events=[_event()],
        )
        with pytest.raises(NotApplicableError, match="TimeFrequencyModel"):
            _value(name, deaf)


def test_bands_that_differ_by_rounding_are_replaced_in_the_order_of_ties() -> None:
    perturber = _perturber(ThreeTones())
    flat = np.ones((10, 6))
    rounded = (flat * (1 + np.linspace(-1e-7, 1e-7, 6))).astype(np.float32).astype(np.float64)
    assert np.ptp(rounded) > 0
    for grid in (rounded, rounded[:, ::-1]):
        found = _scoring(grid, perturber).band_curve(3)
        np.testing.assert_array_equal(found, _scoring(flat, perturber).band_curve(3))
    told_apart = flat * np.repeat([1.0, 1.1, 1.2], 2)
    first_out = perturber.band_scores(np.array([[False, False, True]]), EDGES_HZ)
    curve = _scoring(told_apart, perturber).band_curve(3)
    assert curve[1] == pytest.approx(float(expit(first_out[0])))


def test_cells_of_a_map_that_differ_by_rounding_share_the_peak() -> None:
    grid = _map(1.0, 2.0, 3.0)
    grid[:, 4:] *= 1 + np.random.default_rng(0).uniform(-1e-14, 1e-14, (10, 2))
    cells, _ = np.unique(_scoring(grid, _perturber(ThreeTones())).relevance_map, return_counts=True)
    assert cells.tolist() == pytest.approx([1.0, 2.0, 3.0])
