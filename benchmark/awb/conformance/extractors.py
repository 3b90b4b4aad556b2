"""The rules for extractors of features."""

from __future__ import annotations

import numpy as np

from awb.conformance.guards import METADATA, SETTINGS, leaves_globals, repeats, same, worker_rule
from awb.conformance.rules import ConformanceError, Rule
from awb.harness.unit.warm_plugins import warm
from awb.intervals import FloatArray
from awb.plugins.resolve import Resolved
from awb.protocols import Extractor
from awb.types import AudioArray


def _open(resolved: Resolved) -> Extractor:
    extractor = warm(resolved)
    if not isinstance(extractor, Extractor):
        raise ConformanceError(
            "it must have sample_rate_hz, minimum_samples, n_features, weights_sha256 and vectors"
        )
    return extractor


def _clips(extractor: Extractor) -> AudioArray:
    """Make three clips: two of noise, and silence."""
    size = max(extractor.minimum_samples, extractor.sample_rate_hz // 2)
    clips = np.random.default_rng(0).uniform(-0.5, 0.5, (3, size)).astype(np.float32)
    clips[2] = 0.0
    return clips


def probe(resolved: Resolved) -> list[FloatArray]:
    """Compute the features of the clips."""
    extractor = _open(resolved)
    return [np.asarray(extractor.vectors(_clips(extractor)))]


def _contract(resolved: Resolved) -> None:
    """Check the shape, and that the shortest clip is accepted."""
    extractor = _open(resolved)
    shortest = _clips(extractor)[:1, : max(extractor.minimum_samples, 1)]
    for clips in (_clips(extractor), shortest):
        found = np.asarray(extractor.vectors(clips))
        if found.shape != (len(clips), extractor.n_features) or not np.isfinite(found).all():
            raise ConformanceError(
                f"{len(clips)} clips of {clips.shape[1]} samples gave shape {found.shape} with"
                f" {int((~np.isfinite(found)).sum())} non-finite values, expected"
                f" ({len(clips)}, {extractor.n_features})"
            )


def _batches(resolved: Resolved) -> None:
    """Compare a clip alone with the same clip beside others."""
    extractor = _open(resolved)
    clips = _clips(extractor)
    together = np.asarray(extractor.vectors(clips))
    alone = np.concatenate([np.asarray(extractor.vectors(clips[[row]])) for row in range(3)])
    if not np.allclose(together, alone, rtol=1e-4, atol=1e-5):
        raise ConformanceError("the features of a clip depend on the other clips of its batch")


def _inputs(resolved: Resolved) -> None:
    extractor = _open(resolved)
    clips = _clips(extractor)
    extractor.vectors(clips)
    if not same(clips, _clips(extractor)):
        raise ConformanceError("it modifies the given waveforms")


def _determinism(resolved: Resolved) -> None:
    repeats(lambda: probe(resolved), "what it returns")


def _globals(resolved: Resolved) -> None:
    leaves_globals(lambda: probe(resolved))


RULES = [
    METADATA,
    SETTINGS,
    Rule("contract", "Return finite features of shape (batch, n_features).", _contract),
    Rule("batches", "Do not normalize over the batch.", _batches),
    Rule("determinism", "Return the same features for the same clip.", _determinism),
    Rule("inputs", "Copy before you modify: np.array(waveforms).", _inputs),
    Rule("global-state", "Do not seed or draw from global generators.", _globals),
    worker_rule(probe),
]
