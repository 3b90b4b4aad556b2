"""Which way of scoring serves a model best."""

from __future__ import annotations

import os

from awb.errors import ParameterError
from awb.perturbation.scorers.clips import ClipScorer, PartMemory, PatchScorer, Scorer
from awb.perturbation.scorers.frames import FrameScorer, has_short_frames
from awb.perturbation.scorers.moments import MomentScorer, has_short_moments
from awb.perturbation.scorers.on_device import DeviceClipScorer, DeviceFrameScorer, is_elsewhere
from awb.perturbation.scorers.probe import check_promise, check_steady
from awb.perturbation.scorers.rendering import ContextRenderer, Renderer
from awb.perturbation.scorers.search import SearchingScorer
from awb.protocols import (
    AudioModel,
    FrameFeatureModel,
    LocalModel,
    PatchModel,
    TensorFrameModel,
    TensorModel,
    TraceableModel,
)
from awb.segments import Segments

_PATCHES = (
    "its scores are pooled over patches that it scores one by one",
    "is something computed over the whole clip, or are patch_starts not those of scores?",
)
_MOMENTS = (
    "it judges moments from short stretches of the waveform",
    "does something before the moments look at the whole clip, or are moment_samples too few?",
)
_FRAMES = (
    "its features are frame-wise",
    "are they normalized over the clip, or clamped against its maximum?",
)


REUSE = "AWB_REUSE"
"""Environment variable: ``off`` computes every masked clip as a whole, to compare."""


def make_scorer(
    model: AudioModel,
    renderer: Renderer,
    segments: Segments,
    class_index: int,
    memory: PartMemory | None = None,
) -> Scorer:
    """Choose the fastest exact way to score masked clips with this model."""
    scorer = _chosen(model, renderer, segments, class_index, memory)
    if isinstance(scorer, ClipScorer | DeviceClipScorer | SearchingScorer):
        check_steady(model, renderer, class_index)  # the others were compared with whole clips
    return scorer


def _chosen(
    model: AudioModel,
    renderer: Renderer,
    segments: Segments,
    class_index: int,
    memory: PartMemory | None,
) -> Scorer:
    elsewhere = isinstance(model, TensorModel) and is_elsewhere(model)
    if isinstance(renderer, ContextRenderer):
        return ClipScorer(model, renderer, class_index)  # no part is independent of the rest
    if not reuses():
        whole = DeviceClipScorer if elsewhere else ClipScorer
        return whole(model, renderer, class_index)  # type: ignore[arg-type]
    if isinstance(model, PatchModel):
        # Tried on a scorer of its own, so that what is computed then does not depend on whether
        # this process has tried the model before.
        tried = PatchScorer(model, renderer, segments, class_index)
        check_promise(*_PATCHES, model, tried, renderer, class_index)
        return PatchScorer(model, renderer, segments, class_index, memory)
    if isinstance(model, LocalModel) and has_short_moments(model, segments) and not elsewhere:
        trial = MomentScorer(model, renderer, segments, class_index)
        check_promise(*_MOMENTS, model, trial, renderer, class_index)
        return MomentScorer(model, renderer, segments, class_index, memory)
    if isinstance(model, FrameFeatureModel) and has_short_frames(model, segments):
        frames: Scorer
        if isinstance(model, TensorFrameModel) and elsewhere:
            frames = DeviceFrameScorer(model, renderer, segments, class_index)
        else:
            frames = FrameScorer(model, renderer, segments, class_index)
        check_promise(*_FRAMES, model, frames, renderer, class_index)
        return frames
    if isinstance(model, TensorModel) and elsewhere:
        return DeviceClipScorer(model, renderer, class_index)
    if isinstance(model, TraceableModel):
        return SearchingScorer(model, renderer, segments, class_index, memory)
    return ClipScorer(model, renderer, class_index)


def shared_parts(scorer: Scorer, sample_rate_hz: float) -> str:
    """Say which parts of masked clips are scored once, or why whole clips are."""
    if isinstance(scorer, SearchingScorer):
        found = scorer.search()
        if found is None:
            return f"whole masked clips are scored: {scorer.reason}"
        scorer = found
    if isinstance(scorer, MomentScorer):
        return f"masked clips share moments of {scorer.moment_samples / sample_rate_hz:.3g} s"
    if isinstance(scorer, PatchScorer):
        return "masked clips share patches"
    if isinstance(scorer, FrameScorer | DeviceFrameScorer):
        return "masked clips share frames of features"
    return "whole masked clips are scored"


def reuses() -> bool:
    """Say whether parts of masked clips that agree are computed once.

    Raises
    ------
    ParameterError
        If ``AWB_REUSE`` is neither ``on`` nor ``off``.
    """
    given = os.environ.get(REUSE, "on")
    if given not in ("on", "off"):
        raise ParameterError(f"{REUSE} must be on or off: {given!r}")
    return given == "on"
