"""Background noise: white noise, room tone, and wind and rain.

Paissan et al. study explanations of sound classifiers under these three conditions: a natural
sound, a room's ambience and white noise. They mix in recordings; here, similar sounds are
synthesized, so that nothing has to be downloaded. Give a path to use a recording instead.

References
----------
Paissan, F., Ravanelli, M., & Subakan, C. (2024). Listenable maps for audio classifiers. ICML.
arXiv:2403.13086
Kasdin, N. J. (1995). Discrete simulation of colored noise and stochastic processes and 1/f^a power
law noise generation. Proceedings of the IEEE, 83(5). doi:10.1109/5.381848
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from awb.audio import read_audio, resample
from awb.errors import AudioError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.types import AudioArray

Condition = Literal["natural", "room", "white"]

_MAINS_HZ = 50.0
_GUST_HZ = 0.4
_DROPS_HZ = 30.0
_DROP_S = 0.004


def _shaped(n_samples: int, rate_hz: int, slope: float, rng: np.random.Generator) -> FloatArray:
    """Draw noise of RMS 1 whose power falls as the frequency to the power of `slope`."""
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    frequencies_hz = np.fft.rfftfreq(n_samples, 1.0 / rate_hz)
    spectrum *= np.maximum(frequencies_hz, 20.0) ** (-slope / 2.0)
    spectrum[0] = 0.0
    noise = np.fft.irfft(spectrum, n_samples)
    return np.asarray(noise / max(float(np.sqrt(np.mean(noise**2))), 1e-30))


def _room(n_samples: int, rate_hz: int, rng: np.random.Generator) -> FloatArray:
    """Draw room tone: low rumble, and mains hum with its harmonics."""
    times_s = np.arange(n_samples) / rate_hz
    hum = sum(
        np.sin(2 * np.pi * (k * _MAINS_HZ * times_s + rng.random())) / k for k in (1, 2, 3, 4)
    )
    return _shaped(n_samples, rate_hz, 2.0, rng) + 0.3 * np.asarray(hum)


def _weather(n_samples: int, rate_hz: int, rng: np.random.Generator) -> FloatArray:
    """Draw gusts of wind and single drops of rain."""
    knots = max(2, int(np.ceil(n_samples / rate_hz * _GUST_HZ)) + 1)
    places = np.linspace(0, knots - 1, n_samples)
    gusts = np.interp(places, np.arange(knots), rng.uniform(0.3, 1.0, knots))
    drops = np.zeros(n_samples)
    count = rng.poisson(_DROPS_HZ * n_samples / rate_hz)
    drops[rng.integers(n_samples, size=count)] = rng.exponential(3.0, count)
    length = max(1, round(_DROP_S * rate_hz))
    splash = np.exp(-np.arange(4 * length) / length) * rng.standard_normal(4 * length)
    rain = np.convolve(drops, splash)[:n_samples]
    return gusts * _shaped(n_samples, rate_hz, 1.0, rng) + 0.5 * rain


def _recorded(path: Path, n_samples: int, rate_hz: int, rng: np.random.Generator) -> FloatArray:
    """Read a recording, repeat it until it is long enough, and start at a random position."""
    waveform, own_rate_hz = read_audio(path)
    ready = resample(waveform, own_rate_hz, rate_hz).astype(np.float64)
    if not ready.any():
        raise AudioError(f"{path} is silent and cannot be used as a background")
    return np.resize(np.roll(ready, -int(rng.integers(ready.size))), n_samples)


def background(
    condition: Condition,
    n_samples: int,
    sample_rate_hz: int,
    rng: np.random.Generator,
    *,
    path: Path | None = None,
) -> FloatArray:
    """Make a background of unspecified level; `add_noise` scales it.

    Parameters
    ----------
    condition : str
        ``white``, ``room`` (rumble and mains hum) or ``natural`` (wind and rain).
    n_samples : int
        Length in samples.
    sample_rate_hz : int
        Sample rate in Hz.
    rng : np.random.Generator
        For the noise, or for where the recording starts.
    path : Path or None
        A recording to use instead; it is repeated if it is too short.

    Returns
    -------
    np.ndarray, shape=(n_samples,)
        The background, not zero everywhere.

    Raises
    ------
    AudioError
        If the recording cannot be read, or is silent.
    """
    if path is not None:
        return _recorded(path, n_samples, sample_rate_hz, rng)
    if condition == "white":
        return rng.standard_normal(n_samples)
    make = _room if condition == "room" else _weather
    return make(n_samples, sample_rate_hz, rng)


def add_noise(waveform: AudioArray, noise: FloatArray, *, snr_db: float) -> AudioArray:
    """Mix noise into a clip.

    Parameters
    ----------
    waveform : np.ndarray, shape=(samples,), dtype=float32
        The clip.
    noise : np.ndarray, shape=(samples,)
        The noise; its level does not matter.
    snr_db : float
        Ratio of the power of the whole clip to that of the noise, in dB.

    Returns
    -------
    np.ndarray, shape=(samples,), dtype=float32
        The sum, clipped to [-1, 1].

    Raises
    ------
    UndefinedScoreError
        If the clip is silent, so that no ratio can be set.

    Examples
    --------
    >>> add_noise(np.array([0.5, -0.5], np.float32), np.array([2.0, 2.0]), snr_db=20).tolist()
    [0.550000011920929, -0.44999998807907104]
    """
    power = float(np.mean(waveform.astype(np.float64) ** 2))
    if power == 0:
        raise UndefinedScoreError("the clip is silent: noise cannot be set against it")
    scale = np.sqrt(power / (10.0 ** (snr_db / 10.0)) / np.mean(noise**2))
    noisy: AudioArray = np.clip(waveform + scale * noise, -1.0, 1.0).astype(np.float32)
    return noisy
