"""Backgrounds have the right spectrum, and the requested level."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import soundfile

from awb.errors import AudioError
from awb.variations import Condition, background
from awb.variations.noises import add_noise

RATE_HZ = 16000
RNG = np.random.default_rng


def _share_below(noise: np.ndarray, edge_hz: float) -> float:
    power = np.abs(np.fft.rfft(noise)) ** 2
    below = np.fft.rfftfreq(noise.size, 1 / RATE_HZ) < edge_hz
    return float(power[below].sum() / power.sum())


@pytest.mark.parametrize("condition", get_args(Condition))
@pytest.mark.parametrize("n_samples", [1, 7, 1600, 5 * RATE_HZ])
def test_backgrounds_are_finite_seeded_and_of_any_length(
    condition: Condition, n_samples: int
) -> None:
    first, again = (background(condition, n_samples, RATE_HZ, RNG(3)) for _ in range(2))
    assert first.shape == (n_samples,)
    assert np.isfinite(first).all()
    assert np.array_equal(first, again)


def test_room_tone_white_noise_and_weather_have_their_spectral_slopes() -> None:
    shares = {
        one: _share_below(background(one, 5 * RATE_HZ, RATE_HZ, RNG(0)), 250.0)
        for one in ("white", "natural", "room")
    }
    assert shares["white"] == pytest.approx(250 / 8000, abs=0.01)
    assert shares["room"] > 0.8
    assert shares["white"] < shares["natural"] < shares["room"]


def test_room_tone_has_mains_hum_and_rumble() -> None:
    noise = background("room", 20 * RATE_HZ, RATE_HZ, RNG(0))
    lines = 2 / noise.size * np.abs(np.fft.rfft(noise)[[20 * 50 * k for k in range(1, 6)]])
    assert lines == pytest.approx([0.3, 0.3 / 2, 0.3 / 3, 0.3 / 4, 0.0], abs=0.04)
    low, high = (_share_below(noise, 2 * at) - _share_below(noise, at) for at in (500.0, 2000.0))
    assert low / high == pytest.approx(4.0, rel=0.1)  # power as 1/f**2: an octave as 1/f


def test_a_recording_replaces_the_background(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(8000) / RATE_HZ)
    soundfile.write(tmp_path / "tone.wav", tone, RATE_HZ)
    noise = background("natural", 40000, RATE_HZ, RNG(0), path=tmp_path / "tone.wav")
    assert noise.shape == (40000,)
    assert _share_below(noise, 1100.0) - _share_below(noise, 900.0) > 0.99


def test_a_silent_or_missing_recording_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(800), RATE_HZ)
    with pytest.raises(AudioError, match="silent"):
        background("room", 100, RATE_HZ, RNG(0), path=tmp_path / "silent.wav")
    with pytest.raises(AudioError, match=r"missing\.wav"):
        background("room", 100, RATE_HZ, RNG(0), path=tmp_path / "missing.wav")


def test_samples_that_become_too_loud_are_clipped() -> None:
    loud = add_noise(np.ones(100, np.float32), np.ones(100), snr_db=0.0)
    assert loud.max() == 1.0
