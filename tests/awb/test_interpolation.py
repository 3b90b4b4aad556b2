"""The interpolating masker: plain loops, known spectra, and that dropped audio is not used."""

from __future__ import annotations

import cmath
import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import PluginError
from awb.maskers import ContextMasker, Interpolation, zeros
from awb.maskers.interpolation import spectrum
from awb.perturbation import Perturber
from awb.perturbation.cache import ScoreCache
from awb.perturbation.memory import ModelCache
from awb.perturbation.scorers.rendering import ContextRenderer
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import AudioArray
from fakes import FrameEnergy, PatchEnergy, WeightedEnergy, instance_of, unit_clip
from golden.strategies import quick

RATE_HZ = 8000
CELL = 800
RNG = np.random.default_rng


def _edges(n_samples: int, cell: int = CELL) -> np.ndarray:
    return np.append(np.arange(0, n_samples, cell), n_samples)


def _noise(levels: list[float]) -> AudioArray:
    drawn = RNG(0).uniform(-1, 1, (len(levels), CELL)) * np.array(levels)[:, np.newaxis]
    return drawn.reshape(-1).astype(np.float32)


def _dropped(n: int, *cells: int) -> np.ndarray:
    return np.isin(np.arange(n), cells)


def _fill(waveform: AudioArray, drop: np.ndarray, seed: int = 1) -> AudioArray:
    edges = _edges(waveform.size)
    return Interpolation().given(waveform, RATE_HZ, edges, RNG(seed))(drop)


def _levels(waveform: AudioArray) -> np.ndarray:
    cells = waveform[: waveform.size // CELL * CELL].reshape(-1, CELL).astype(float)
    return np.sqrt(np.mean(cells**2, axis=1))


def _plain_transform(frame: list[float]) -> list[complex]:
    n = len(frame)
    return [
        sum(v * cmath.exp(-2j * math.pi * k * i / n) for i, v in enumerate(frame))
        for k in range(n // 2 + 1)
    ]


def _plain_back(half: list[complex], n: int) -> list[float]:
    whole = [*half, *(value.conjugate() for value in half[-2:0:-1])]
    return [
        sum(v * cmath.exp(2j * math.pi * k * i / n) for k, v in enumerate(whole)).real / n
        for i in range(n)
    ]


def _plain_spectrum(cell: list[float], n_fft: int) -> list[float]:
    starts = [*range(0, len(cell) - n_fft, n_fft // 2), len(cell) - n_fft]
    window = [math.sin(math.pi * (i + 0.5) / n_fft) ** 2 for i in range(n_fft)]
    rows = [
        _plain_transform([w * v for w, v in zip(window, cell[start:], strict=False)])
        for start in starts
    ]
    power = [sum(abs(row[k]) ** 2 for row in rows) / len(rows) for k in range(n_fft // 2 + 1)]
    energy = sum(power) * 2 - power[0] - power[-1]
    wanted = sum(value**2 for value in cell) / len(cell) * n_fft**2
    return [math.sqrt(value * wanted / energy) for value in power]


def test_it_is_what_plain_loops_make() -> None:
    """Frames of 8 samples at 250 Hz, cells of 20, of which two in the middle are dropped."""
    clip, hop, n = RNG(3).uniform(-0.5, 0.5, 80).astype(np.float32), 4, 80
    found = Interpolation().given(clip, 250, _edges(n, 20), RNG(1))(_dropped(4, 1, 2))
    n_frames, rng = n // hop + 1, RNG(1)
    phases = [[cmath.exp(2j * math.pi * u) for u in row] for row in rng.random((n_frames, hop + 1))]
    for end in (0, -1):
        for row, sign in zip(phases, rng.choice([-1.0, 1.0], size=n_frames), strict=True):
            row[end] = complex(sign)
    cells = clip.reshape(4, 20).astype(float).tolist()
    left, right = _plain_spectrum(cells[0], 8), _plain_spectrum(cells[3], 8)
    slow = [0.0] * n
    for frame in range(n_frames):
        part = min(1.0, max(0.0, (frame * hop - 10) / 60))
        bins = [
            ((1 - part) * a + part * b) * phase
            for a, b, phase in zip(left, right, phases[frame], strict=True)
        ]
        for offset, value in enumerate(_plain_back(bins, 8)):
            at = frame * hop - hop + offset
            if 0 <= at < n:
                slow[at] += value * math.sin(math.pi * (offset + 0.5) / 8)
    assert found[20:60].tolist() == pytest.approx(slow[20:60], abs=1e-6)


def test_a_linear_ramp_is_continued_through_the_gap() -> None:
    ramp = [0.1 * step for step in range(1, 10)]
    fill = _fill(_noise(ramp), _dropped(9, 2, 3, 4, 5, 6))
    expected = np.array(ramp) / math.sqrt(3)
    assert _levels(fill)[2:7] == pytest.approx(expected[2:7], rel=0.12)


def test_the_spectrum_goes_from_one_neighbour_to_the_other() -> None:
    times = np.arange(CELL) / RATE_HZ
    low, high = (0.5 * np.sin(2 * np.pi * hz * times) for hz in (500.0, 2000.0))
    clip = np.concatenate([low, *[np.zeros(CELL)] * 3, high]).astype(np.float32)
    cells = _fill(clip, _dropped(5, 1, 2, 3)).reshape(5, CELL)
    parts = []
    for cell in (1, 2, 3):
        power = np.abs(np.fft.rfft(cells[cell])) ** 2
        near_low, near_high = power[30:70].sum(), power[180:220].sum()
        assert near_low + near_high > 0.9 * power.sum()
        parts.append(math.sqrt(near_high) / (math.sqrt(near_low) + math.sqrt(near_high)))
    assert parts == pytest.approx([0.25, 0.5, 0.75], abs=0.08)


@quick
@given(st.floats(0.0, 0.9), st.floats(0.0, 0.9), st.integers(1, 6), st.integers(0, 20))
def test_the_level_lies_between_the_neighbours(a: float, b: float, gap: int, seed: int) -> None:
    levels = [a, *[0.5] * gap, b]
    fill = _fill(_noise(levels), _dropped(gap + 2, *range(1, gap + 1)), seed)
    ends = np.sort(_levels(_noise(levels))[[0, -1]])
    inside = _levels(fill)[1:-1]
    assert (inside >= 0.8 * ends[0] - 1e-3).all()
    assert (inside <= 1.2 * ends[1] + 1e-3).all()


def test_before_the_first_and_after_the_last_kept_cell_its_spectrum_stays() -> None:
    fill = _fill(_noise([0.9, 0.9, 0.3, 0.6, 0.9, 0.9]), _dropped(6, 0, 1, 4, 5))
    own = _levels(_noise([0.9, 0.9, 0.3, 0.6, 0.9, 0.9]))
    expected = [own[2], own[2], own[3], own[3]]
    assert _levels(fill)[[0, 1, 4, 5]] == pytest.approx(expected, rel=0.12)


def test_if_everything_is_dropped_there_is_silence() -> None:
    waveform = _noise([0.5] * 4)
    assert not _fill(waveform, np.ones(4, dtype=bool)).any()
    assert not Interpolation()(waveform, RATE_HZ, RNG(0)).any()
    assert not _fill(np.zeros(4 * CELL, dtype=np.float32), _dropped(4, 1, 2)).any()


@quick
@given(n=st.integers(1, 400), cell=st.integers(1, 90), seed=st.integers(0, 99))
def test_any_clip_and_mask_will_do(n: int, cell: int, seed: int) -> None:
    waveform = RNG(seed).uniform(-1, 1, n).astype(np.float32)
    waveform.flags.writeable = False
    edges = _edges(n, cell)
    drop = RNG(seed).random(edges.size - 1) < 0.5
    fills = [Interpolation().given(waveform, 1000, edges, RNG(7))(drop) for _ in range(2)]
    assert fills[0].shape == waveform.shape
    assert fills[0].dtype == np.float32
    assert np.abs(fills[0]).max() <= 1.0
    np.testing.assert_array_equal(*fills)


def test_dropped_audio_is_not_used() -> None:
    drop = _dropped(8, 0, 3, 4, 7)
    one = _noise([0.5] * 8)
    other = np.where(np.repeat(drop, CELL), RNG(9).uniform(-1, 1, one.size), one)
    np.testing.assert_array_equal(_fill(one, drop), _fill(other.astype(np.float32), drop))
    assert not np.array_equal(_fill(one, drop), _fill(one, drop, seed=2))


@quick
@given(n=st.integers(1, 700), seed=st.integers(0, 9))
def test_a_spectrum_has_the_power_of_its_stretch(n: int, seed: int) -> None:
    samples = RNG(seed).uniform(-1, 1, n).astype(np.float32)
    magnitudes = spectrum(samples, 64)
    both = 2 * np.sum(magnitudes**2) - magnitudes[0] ** 2 - magnitudes[-1] ** 2
    assert both / 64**2 == pytest.approx(np.mean(samples.astype(float) ** 2))


def _perturber(model: object, masker: object, seed: int = 0, **settings: object) -> Perturber:
    clip = unit_clip(12)
    return Perturber(
        model,  # type: ignore[arg-type]
        instance_of(clip),
        Segments(clip.waveform.size, clip.sample_rate_hz),
        masker,  # type: ignore[arg-type]
        RandomKey((seed, "fake")),
        **settings,  # type: ignore[arg-type]
    )


@cache
def _masks() -> np.ndarray:
    drawn = RNG(4).random((20, 12)) < 0.4
    drawn[0], drawn[1] = False, True
    return drawn


@pytest.mark.parametrize("make", [PatchEnergy, FrameEnergy, lambda: WeightedEnergy(np.arange(12))])
def test_a_model_scores_the_clip_with_its_gaps_filled(make: type) -> None:
    """Patches and frames are not reused, since what they hear depends on the mask elsewhere."""
    perturber = _perturber(make(), Interpolation())
    clip = unit_clip(12)
    fill_for = Interpolation().given(
        clip.waveform,
        clip.sample_rate_hz,
        _edges(1200, 100),
        RandomKey((0, "fake")).generator("masker"),
    )
    for drop, found in zip(_masks(), perturber.scores(_masks()), strict=True):
        dropped = np.repeat(drop, 100)
        heard = np.where(dropped, fill_for(drop), clip.waveform)
        expected = make().scores(heard[np.newaxis].astype(np.float32))[0, 0]
        assert found == pytest.approx(min(100.0, expected), abs=1e-4)


def test_another_seed_draws_other_phases() -> None:
    model = WeightedEnergy(np.arange(12.0))
    perturber = _perturber(model, Interpolation())
    again = perturber.reseeded(Interpolation(), RandomKey((1, "fake")))
    assert not np.allclose(perturber.scores(_masks())[2:], again.scores(_masks())[2:])


def test_its_scores_are_not_taken_for_those_of_silence(tmp_path: object) -> None:
    """With everything dropped both are silent: the cache on disk could not tell them apart."""
    cache_ = ModelCache(ScoreCache(tmp_path), "key", "model")  # type: ignore[arg-type]
    model = WeightedEnergy(np.arange(12.0))
    silent = _perturber(model, zeros, model_cache=cache_)
    expected = silent.scores(_masks())
    silent.keep()
    filled = _perturber(model, Interpolation(), model_cache=cache_)
    assert not np.allclose(filled.scores(_masks())[2:], expected[2:])
    filled.keep()
    np.testing.assert_array_equal(
        _perturber(model, zeros, model_cache=cache_).scores(_masks()), expected
    )


def test_a_context_masker_is_recognized_and_checked() -> None:
    assert isinstance(Interpolation(), ContextMasker)
    assert not isinstance(zeros, ContextMasker)

    class Short(Interpolation):
        def given(self, waveform: AudioArray, *_: object) -> object:  # type: ignore[override]
            return lambda drop_cells: waveform[:-1]

    with pytest.raises(PluginError, match="of the clip's shape"):
        _perturber(WeightedEnergy(np.ones(12)), Short()).scores(_masks())


@quick
@given(start=st.integers(0, 90), length=st.integers(1, 60), seed=st.integers(0, 9))
def test_a_span_is_that_of_the_whole_clip(start: int, length: int, seed: int) -> None:
    waveform = RNG(seed).uniform(-1, 1, 100).astype(np.float32)
    edges = _edges(100, 10)
    fill_for = Interpolation().given(waveform, 500, edges, RNG(0))
    renderer = ContextRenderer(waveform, np.zeros_like(waveform), edges, fill_for)
    masks = RNG(seed).random((3, 10)) < 0.5
    whole = np.zeros((3, 100 + 60), dtype=np.float32)
    renderer.render(masks, whole[:, :100])
    span = renderer.render_span(masks, start, start + length)
    np.testing.assert_array_equal(span, whole[:, start : start + length])
