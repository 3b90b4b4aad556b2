"""The rules for maskers."""

from __future__ import annotations

import numpy as np

from awb.conformance.guards import METADATA, SETTINGS, leaves_globals, repeats, same, worker_rule
from awb.conformance.rules import ConformanceError, Rule
from awb.harness.unit.warm_plugins import build
from awb.plugins.resolve import Resolved
from awb.types import AudioArray

_RATE_HZ = 8000


def _noise() -> AudioArray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, _RATE_HZ).astype(np.float32)


def _fill(resolved: Resolved, waveform: AudioArray) -> AudioArray:
    return np.asarray(build(resolved)(waveform, _RATE_HZ, np.random.default_rng(1)))


def probe(resolved: Resolved) -> AudioArray:
    """Mask noise."""
    return _fill(resolved, _noise())


def _contract(resolved: Resolved) -> None:
    """Try noise, silence and a very short clip."""
    for waveform in (_noise(), np.zeros(_RATE_HZ, dtype=np.float32), _noise()[:40]):
        fill = _fill(resolved, waveform)
        if fill.shape != waveform.shape or not np.isfinite(fill).all():
            raise ConformanceError(
                f"a waveform of {waveform.size} samples is replaced by one of shape {fill.shape}"
                f" with {int((~np.isfinite(fill)).sum())} non-finite values"
            )


def _inputs(resolved: Resolved) -> None:
    waveform = _noise()
    _fill(resolved, waveform)
    if not same(waveform, _noise()):
        raise ConformanceError("it modifies the given waveform")


def _determinism(resolved: Resolved) -> None:
    repeats(lambda: probe(resolved), "what it returns")


def _globals(resolved: Resolved) -> None:
    leaves_globals(lambda: probe(resolved))


RULES = [
    METADATA,
    SETTINGS,
    Rule("contract", "Return a finite waveform of the same shape as the input.", _contract),
    Rule("determinism", "Draw only from the given generator.", _determinism),
    Rule("inputs", "Copy before you modify: np.array(waveform).", _inputs),
    Rule("global-state", "Do not seed or draw from global generators.", _globals),
    worker_rule(probe),
]
