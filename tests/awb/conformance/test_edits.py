"""Models with any sensible pooling keep the rule on growing sounds, and only those do."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from awb.conformance.edits import check_growth, growing, sounds
from awb.conformance.rules import ConformanceError
from awb.errors import NotApplicableError
from awb.intervals import FloatArray

RATE_HZ = 8000


def _power(waveforms: Any) -> FloatArray:
    return np.square(waveforms.astype(np.float64)).reshape(len(waveforms), -1, 800).mean(axis=2)


def _bright(waveforms: Any) -> FloatArray:
    change = np.diff(waveforms.astype(np.float64), axis=1, append=0.0)
    return np.square(change).reshape(len(waveforms), -1, 800).mean(axis=2)


SANE: dict[str, Callable[[Any], FloatArray]] = {
    "mean": lambda given: 60 * _power(given).mean(axis=1),
    "maximum": lambda given: 60 * _power(given).max(axis=1),
    "log of the mean": lambda given: np.log(1e-6 + _power(given).mean(axis=1)),
    "at least half of it": lambda given: 9.0 * ((_power(given) > 0.01).mean(axis=1) >= 0.5),
    "brightness": lambda given: 100 * _bright(given).mean(axis=1) - 30 * _power(given).mean(axis=1),
    "the first second": lambda given: 60 * _power(given)[:, :10].mean(axis=1),
    "the middle": lambda given: 60 * _power(given)[:, 8:12].mean(axis=1),
}


def _columns(score: FloatArray) -> Any:
    return np.stack([score, -score], axis=1).astype(np.float32)


@pytest.mark.parametrize("pooling", SANE)
def test_sane_models_keep_it(pooling: str) -> None:
    check_growth(lambda given: _columns(SANE[pooling](given)), RATE_HZ, 2.0)


@pytest.mark.parametrize(
    "score",
    [
        lambda given: np.array([zlib.crc32(row.tobytes()) % 97 / 9.0 for row in given]),
        lambda given: 8 * np.sin(40 * np.pi * _power(given).sum(axis=1)),
        lambda given: 60 * _power(given).mean(axis=1) * (np.arange(len(given)) % 2 * 2 - 1),
    ],
)
def test_scores_that_do_not_follow_the_sound_break_it(score: Any) -> None:
    """Random scores may follow the sound by chance, but not for every length."""
    found = 0
    for seconds in (1.0, 1.2, 1.4, 1.6, 1.8, 2.0):
        try:
            check_growth(lambda given: _columns(score(given)), RATE_HZ, seconds)
        except ConformanceError:
            found += 1
    assert found >= 3


def test_the_rule_does_not_apply_to_a_model_that_no_sound_affects() -> None:
    with pytest.raises(NotApplicableError, match="none of noise, clicks, a tone"):
        check_growth(lambda given: np.zeros((len(given), 3), dtype=np.float32), RATE_HZ, 1.0)


def test_the_rule_does_not_apply_where_nothing_is_detected() -> None:
    def score(given: Any) -> FloatArray:
        part = (given != 0).mean(axis=1)
        return np.asarray(8.0 * (part > 0.9) - 5 * part - 10)

    with pytest.raises(NotApplicableError, match=r"is detected \(log-odds above 0\)"):
        check_growth(lambda given: score(given)[:, None].astype(np.float32), RATE_HZ, 1.0)


def test_parts_grow_from_both_ends_between_silence_and_the_whole() -> None:
    for waveform in sounds(RATE_HZ, 1.0).values():
        assert (waveform.dtype, waveform.shape) == (np.float32, (RATE_HZ,))
        assert np.abs(waveform).max() <= 1.0
        rows = growing(waveform)
        assert not rows[0].any()
        assert not rows[13].any()
        assert np.array_equal(rows[12], waveform)
        assert np.array_equal(rows[25], waveform)
        assert np.array_equal(rows[6] + rows[19], waveform)
