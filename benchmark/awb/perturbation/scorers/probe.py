"""Does a model keep its promise? A few masked clips, computed both ways.

A `PatchModel` promises that a patch's score depends on its own samples alone, a `FrameFeatureModel`
that a frame of its features does. Reuse rests on that, so it is tried out before it is relied on.
Every model promises that a clip's score depends on that clip alone.
"""

from __future__ import annotations

from functools import partial
from weakref import WeakKeyDictionary

import numpy as np

from awb.errors import PluginError, UnsteadyModelError
from awb.intervals import FloatArray
from awb.perturbation.scorers.clips import ClipScorer, Scorer
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import AudioModel
from awb.types import BoolArray

TOLERANCE = 1e-4
"""Log-odds by which the two ways may differ: libraries add up in another order in other batches."""

STEADY_WITHIN = 1e-3
"""Absolute and relative tolerance of log-odds of one clip in two batches, as in ``awb check``."""

ROUGHLY_WITHIN = 0.1
"""The same in bfloat16 and float16, whose rounding may depend on the place in a batch."""

_KEPT: WeakKeyDictionary[AudioModel, set[tuple[str, int, int]]] = WeakKeyDictionary()


def probe_masks(renderer: Renderer) -> BoolArray:
    """Choose masks that a front end which listens to the whole clip would give away."""
    squares = np.square(renderer.waveform, dtype=np.float64)
    energy = np.add.reduceat(squares, renderer.edges_samples[:-1])
    louder = np.zeros(energy.size, dtype=bool)
    louder[np.argsort(-energy, kind="stable")[: max(1, energy.size // 2)]] = True
    drawn = np.random.default_rng(0).random((2, energy.size)) < 0.3
    return np.stack([louder, ~louder, *drawn])


def check_promise(
    promise: str, advice: str, model: AudioModel, scorer: Scorer, renderer: Renderer, column: int
) -> None:
    """Compare a scorer that reuses with the plain one; what has once been kept is believed."""
    shape = (promise, renderer.waveform.size, renderer.edges_samples.size)
    if shape in _believed(model):
        return
    masks, before = probe_masks(renderer), scorer.forwards
    expected = ClipScorer(model, renderer, column, batch_size=len(masks)).scores(masks)
    worst = float(np.abs(scorer.scores(masks) - expected).max())
    scorer.forwards = before
    if not worst <= TOLERANCE:
        raise PluginError(
            f"the model says that {promise}, but with them its scores differ by {worst:.2g} from"
            f" those of whole masked clips: {advice}"
        )
    if np.ptp(expected) > TOLERANCE:  # a clip on which nothing changes shows nothing
        _believed(model).add(shape)


def check_steady(model: AudioModel, renderer: Renderer, column: int) -> None:
    """Raise if the score of a masked clip depends on the rest of its batch, or on chance.

    The batches have one size, since libraries may round differently for another.
    """
    shape = ("a score is that of its clip", renderer.waveform.size, 0)
    if shape in _believed(model):
        return
    masks = probe_masks(renderer)
    size = min(len(masks), int(getattr(model, "batch_size", len(masks))))
    scorer = ClipScorer(model, renderer, column, batch_size=size)
    first = scorer.scores(masks)
    moved = [3, 1]  # to other rows, beside the clip itself
    second = scorer.scores(masks[moved])
    rounded = str(getattr(model, "precision", "float32")) not in ("float32", "None")
    agree = partial(_agree, within=ROUGHLY_WITHIN if rounded else STEADY_WITHIN)
    if not agree(first[moved], second):
        if agree(first, scorer.scores(masks)):
            raise UnsteadyModelError(
                "the model's score of a clip depends on the rest of the batch: is anything"
                " normalized over the batch?"
            )
        raise UnsteadyModelError(
            "the model's score of a clip differs from one call to the next: is it in training"
            " mode, with dropout?"
        )
    if not agree(first, first[:1]):  # a clip on which nothing changes shows nothing
        _believed(model).add(shape)


def _agree(one: FloatArray, other: FloatArray, within: float) -> bool:
    return np.allclose(one, other, rtol=within, atol=within)


def _believed(model: AudioModel) -> set[tuple[str, int, int]]:
    """Return what this model has been tried on; nothing where it cannot be remembered."""
    try:
        return _KEPT.setdefault(model, set())
    except TypeError:
        return set()
