"""The rules for models."""

from __future__ import annotations

import numpy as np

from awb.conformance.asking import question
from awb.conformance.capabilities import differ, differentiable, local, tensors
from awb.conformance.edits import check_growth
from awb.conformance.guards import METADATA, SETTINGS, leaves_globals, repeats, same, worker_rule
from awb.conformance.rules import ConformanceError, Rule
from awb.harness.unit.process_state import one_thread
from awb.harness.unit.warm_plugins import warm_model
from awb.plugins.resolve import Resolved
from awb.protocols import AudioModel, DifferentiableModel, LocalModel, ScoreArray, TensorModel
from awb.specs import ModelSpec
from awb.types import AudioArray, Clip

_SECONDS = 2.0


def _seconds(resolved: Resolved) -> float:
    """Return a clip length in seconds that the model accepts."""
    spec = resolved.spec
    shortest = spec.minimum_duration_s if isinstance(spec, ModelSpec) else None
    return max(_SECONDS, shortest(resolved.parameters) if shortest else 0.0)


def _sounds(resolved: Resolved, model: AudioModel) -> AudioArray:
    """Synthesize silence, noise, a tone and clicks, long enough for the model: ``(4, samples)``."""
    seconds = _seconds(resolved)
    times_s = np.arange(round(seconds * model.sample_rate_hz)) / model.sample_rate_hz
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, times_s.size)
    clicks = (np.arange(times_s.size) % (model.sample_rate_hz // 4) < 20) * 0.9
    tone = 0.5 * np.sin(2 * np.pi * 440.0 * times_s)
    return np.stack([np.zeros_like(times_s), noise, tone, clicks]).astype(np.float32)


def _scores(model: AudioModel, waveforms: AudioArray) -> ScoreArray:
    with one_thread():
        return np.asarray(model.scores(waveforms))


def probe(resolved: Resolved) -> ScoreArray:
    """Score a few sounds."""
    model = warm_model(resolved)
    return _scores(model, _sounds(resolved, model))


def _contract(resolved: Resolved) -> None:
    """Check the sample rate, the classes, and the shape and type of scores."""
    model = warm_model(resolved)
    if int(model.sample_rate_hz) <= 0:
        raise ConformanceError(f"its sample rate is {model.sample_rate_hz} Hz")
    names = list(model.classes)
    if not names or len(set(names)) != len(names):
        raise ConformanceError(f"it has {len(names)} classes, {len(set(names))} of them distinct")
    scores = probe(resolved)
    if scores.shape != (4, len(names)) or scores.dtype.kind != "f":
        raise ConformanceError(
            f"scores of 4 waveforms are {scores.dtype} of shape {scores.shape}, expected float32 of"
            f" shape (4, {len(names)})"
        )


def _determinism(resolved: Resolved) -> None:
    repeats(lambda: probe(resolved), "a score")


def _batches(resolved: Resolved) -> None:
    """Compare scores in a batch with scores of single clips."""
    model = warm_model(resolved)
    sounds = _sounds(resolved, model)
    alone = np.concatenate([_scores(model, sounds[row : row + 1]) for row in range(len(sounds))])
    differ(_scores(model, sounds), alone, "scores in a batch and one by one")


def _inputs(resolved: Resolved) -> None:
    model = warm_model(resolved)
    sounds = _sounds(resolved, model)
    before = sounds.copy()
    _scores(model, sounds)
    if not same(before, sounds):
        raise ConformanceError("it modifies the given waveforms")


def _globals(resolved: Resolved) -> None:
    leaves_globals(lambda: probe(resolved))


def _finite(resolved: Resolved) -> None:
    """Check for NaN; infinite log-odds are clipped by the harness."""
    scores = probe(resolved)
    names = ("silence", "noise", "a tone", "clicks")
    broken = [name for name, row in zip(names, scores, strict=True) if np.isnan(row).any()]
    if broken:
        raise ConformanceError(f"scores of {', '.join(broken)} are NaN")


def _hears(resolved: Resolved) -> None:
    scores = np.nan_to_num(probe(resolved), posinf=1e6, neginf=-1e6)
    if not np.ptp(scores, axis=0).max() > 1e-6:
        raise ConformanceError("silence, noise, a tone and clicks all score the same")


def _grows(resolved: Resolved) -> None:
    """Check that growing parts of a sound in silence score higher."""
    model = warm_model(resolved)
    check_growth(
        lambda waveforms: _scores(model, waveforms), int(model.sample_rate_hz), _seconds(resolved)
    )


def _classes(resolved: Resolved) -> None:
    """Compare the classes that the spec lists with those of the loaded model."""
    spec = resolved.spec
    listed = spec.class_list(resolved.parameters) if getattr(spec, "class_list", None) else None  # type: ignore[union-attr, misc]
    if listed is not None and list(listed[0]) != list(warm_model(resolved).classes):
        raise ConformanceError("class_list and the loaded model have different classes")


def _capabilities(resolved: Resolved) -> str:
    """Check every capability that the model declares; the perturber tests what it reuses."""
    model = warm_model(resolved)
    noise = _sounds(resolved, model)[1:2]
    with one_thread():
        clip = Clip("noise", noise[0], int(model.sample_rate_hz))
        perturber = question(model, clip).perturber
        perturber.scores(np.random.default_rng(0).random((2, perturber.n_segments)) < 0.3)
        if isinstance(model, DifferentiableModel):
            differentiable(model, noise)
        if isinstance(model, LocalModel):
            local(model, noise)
        if isinstance(model, TensorModel):
            tensors(model, noise)
        return perturber.reuse


RULES = [
    METADATA,
    SETTINGS,
    Rule(
        "contract",
        "A model needs sample_rate_hz, classes without duplicates, and scores, which maps"
        " float32[batch, samples] to float32[batch, classes].",
        _contract,
    ),
    Rule("determinism", "Put the network into eval mode: is there dropout?", _determinism),
    Rule(
        "batches",
        "A clip's score must not depend on the rest of the batch: is anything normalized over the"
        " batch?",
        _batches,
    ),
    Rule("inputs", "Copy before you modify: np.array(waveforms).", _inputs),
    Rule("global-state", "Do not seed; use torch.no_grad() as a context manager.", _globals),
    Rule("finite", "Log-odds of silence are often log(0): clip the probability first.", _finite),
    Rule("hears", "Are the waveforms used, and the weights loaded?", _hears),
    Rule(
        "monotone",
        "More of a sound that the model detects should not score less: do sums overflow, are values"
        " hashed, rounded or wrapped around, are rows of the batch mixed up?",
        _grows,
    ),
    Rule("classes", "Read both from the same list.", _classes),
    Rule(
        "capabilities",
        "Do not declare capabilities that the model lacks: awb then uses only scores.",
        _capabilities,
    ),
    worker_rule(probe),
]
