"""The rules for maskers."""

from __future__ import annotations

import numpy as np

from awb.conformance.guards import METADATA, SETTINGS, leaves_globals, repeats, same, worker_rule
from awb.conformance.rules import ConformanceError, Rule
from awb.harness.unit.warm_plugins import build
from awb.maskers import ContextMasker
from awb.plugins.resolve import Resolved
from awb.types import AudioArray, BoolArray

_RATE_HZ = 8000
_CELL = 800


def _noise() -> AudioArray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, _RATE_HZ).astype(np.float32)


def _fill(resolved: Resolved, waveform: AudioArray) -> AudioArray:
    return np.asarray(build(resolved)(waveform, _RATE_HZ, np.random.default_rng(1)))


def _masks(n_cells: int) -> BoolArray:
    """Make masks that drop nothing, everything, the ends, all but one, and a gap."""
    cells = np.arange(n_cells)
    ends = (cells == 0) | (cells == n_cells - 1)
    gap = (cells > 0) & (cells < n_cells // 2)
    return np.stack([cells < 0, cells >= 0, ends, cells != n_cells // 2, gap])


def _context_fills(resolved: Resolved, waveform: AudioArray) -> list[AudioArray]:
    """Fill a clip under several masks; nothing if the masker does not depend on them."""
    masker = build(resolved)
    if not isinstance(masker, ContextMasker):
        return []
    edges = np.append(np.arange(0, waveform.size, _CELL), waveform.size)
    fill = masker.given(waveform, _RATE_HZ, edges, np.random.default_rng(1))
    return [np.asarray(fill(mask)) for mask in _masks(edges.size - 1)]


def probe(resolved: Resolved) -> list[AudioArray]:
    """Mask noise."""
    return [_fill(resolved, _noise()), *_context_fills(resolved, _noise())]


def _contract(resolved: Resolved) -> None:
    """Try noise, silence and a very short clip."""
    for waveform in (_noise(), np.zeros(_RATE_HZ, dtype=np.float32), _noise()[:40]):
        for fill in (_fill(resolved, waveform), *_context_fills(resolved, waveform)):
            if fill.shape != waveform.shape or not np.isfinite(fill).all():
                raise ConformanceError(
                    f"a waveform of {waveform.size} samples is replaced by one of shape"
                    f" {fill.shape} with {int((~np.isfinite(fill)).sum())} non-finite values"
                )


def _context(resolved: Resolved) -> None:
    """Change dropped audio: what replaces it must stay the same."""
    waveform = _noise()
    fills = _context_fills(resolved, waveform)
    for place, fill in enumerate(fills):
        dropped = np.repeat(_masks(waveform.size // _CELL)[place], _CELL)
        other = np.where(dropped, -waveform / 2, waveform)
        if not same(fill[dropped], _context_fills(resolved, other)[place][dropped]):
            raise ConformanceError("what replaces dropped audio depends on that audio")


def _inputs(resolved: Resolved) -> None:
    waveform = _noise()
    _fill(resolved, waveform)
    _context_fills(resolved, waveform)
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
    Rule(
        "context",
        "Fill a gap from what is kept alone: dropped audio must not be heard through its"
        " replacement.",
        _context,
    ),
    Rule("global-state", "Do not seed or draw from global generators.", _globals),
    worker_rule(probe),
]
