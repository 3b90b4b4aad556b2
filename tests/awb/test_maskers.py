"""Maskers: one replacement waveform per clip, in range, of the requested level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import ParameterError
from awb.maskers import mean, noise, zeros
from awb.randomness import RandomKey
from golden.strategies import quick

RATE_HZ = 16000
MASKERS = {"zeros": zeros, "mean": mean, "noise": noise(), "loud noise": noise(30.0)}


def _clip(n: int = RATE_HZ, level: float = 0.05, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(0, level, n)
    return np.clip(drawn, -1, 1).astype(np.float32)


@pytest.mark.parametrize("name", MASKERS)
@quick
@given(n=st.integers(1, 500), level=st.sampled_from([0.0, 0.01, 0.5]))
def test_a_replacement_fits_the_clip(name: str, n: int, level: float) -> None:
    waveform = _clip(n, level)
    waveform.flags.writeable = False
    fill = MASKERS[name](waveform, RATE_HZ, np.random.default_rng(1))
    assert fill.shape == waveform.shape
    assert fill.dtype == np.float32
    assert np.abs(fill).max() <= 1.0
    assert not np.shares_memory(fill, waveform)


def test_zeros_and_mean() -> None:
    waveform = _clip() + np.float32(0.25)
    rng = np.random.default_rng(0)
    assert not zeros(waveform, RATE_HZ, rng).any()
    filled = mean(waveform, RATE_HZ, rng)
    assert np.unique(filled).size == 1
    assert filled[0] == pytest.approx(np.mean(waveform.astype(np.float64)))


@pytest.mark.parametrize("level_db", [-40.0, -6.0, 0.0])
def test_noise_has_the_requested_level(level_db: float) -> None:
    waveform = _clip(n=80_000)
    fill = noise(level_db)(waveform, RATE_HZ, np.random.default_rng(0))
    ratio = np.sqrt(np.mean(fill.astype(float) ** 2) / np.mean(waveform.astype(float) ** 2))
    assert 20 * np.log10(ratio) == pytest.approx(level_db, abs=0.1)
    spectrum = np.abs(np.fft.rfft(fill)) ** 2
    low, high = np.array_split(spectrum[1:], 2)
    assert low.mean() == pytest.approx(high.mean(), rel=0.05)  # white


def test_the_noise_depends_only_on_the_key() -> None:
    """A masker is called once per clip, so a segment sounds the same in every batch."""
    waveform = _clip()
    key = RandomKey((0, "dataset", "clip", "target"))
    fills = [noise()(waveform, RATE_HZ, key.generator("masker")) for _ in range(2)]
    np.testing.assert_array_equal(*fills)
    other = noise()(waveform, RATE_HZ, key.child("other").generator("masker"))
    assert np.corrcoef(fills[0], other)[0, 1] == pytest.approx(0, abs=0.05)


def test_noise_of_a_silent_clip_is_silent() -> None:
    fill = noise()(np.zeros(100, dtype=np.float32), RATE_HZ, np.random.default_rng(0))
    assert not fill.any()


@pytest.mark.parametrize("level_db", [float("nan"), float("inf")])
def test_a_level_that_is_not_finite_is_refused(level_db: float) -> None:
    with pytest.raises(ParameterError, match="level"):
        noise(level_db)
