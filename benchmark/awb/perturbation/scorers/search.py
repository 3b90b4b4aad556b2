"""Moments that a model finds in itself: tried out to the bit, and used once they pay.

Nobody promised them, so that a model whose masked clips do not score the same, bit for bit, is
scored by whole clips, and that is no error.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from awb.perturbation.scorers.clips import ClipScorer, PartMemory
from awb.perturbation.scorers.moments import MOST_COLOURS, MomentScorer, has_short_moments
from awb.perturbation.scorers.probe import probe_masks
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import LocalModel, TraceableModel
from awb.segments import Segments
from awb.types import BoolArray

PAYS_FROM = 200
"""Masks of an instance from which on looking for moments, which takes a second, saves time."""

_LENGTHS = 4
"""Lengths of clips whose findings are remembered for each model."""

_FOUND: WeakKeyDictionary[TraceableModel, dict[tuple[int, ...], LocalModel | str]] = (
    WeakKeyDictionary()
)


class SearchingScorer:
    """Score whole clips, and by moments from the mask on from which it pays to look for them.

    Attributes
    ----------
    forwards : float
        Clips that were computed.
    moments : MomentScorer or None
        What scores once moments are found.
    reason : str
        Why there are none; empty before it was tried.
    """

    def __init__(
        self,
        model: TraceableModel,
        renderer: Renderer,
        segments: Segments,
        class_index: int,
        memory: PartMemory | None = None,
    ) -> None:
        self._memory = memory
        self._model = model
        self._renderer = renderer
        self._segments = segments
        self._class_index = class_index
        self._whole = ClipScorer(model, renderer, class_index)
        self._asked = 0
        self.moments: MomentScorer | None = None
        self.reason = ""
        self.forwards = 0.0

    def scores(self, drop_cells: BoolArray) -> npt.NDArray[np.float64]:
        """Score masked clips."""
        self._asked += len(drop_cells)
        scorer = (self.search() if self._asked >= PAYS_FROM else None) or self._whole
        before = scorer.forwards
        found = scorer.scores(drop_cells)
        self.forwards += scorer.forwards - before
        return found

    def search(self) -> MomentScorer | None:
        """Look for moments, once."""
        if self.moments is None and not self.reason:
            clip = (self._renderer, self._segments, self._class_index)
            found = moments_of(self._model, *clip)
            if isinstance(found, str):
                self.reason = found
            else:
                self.moments = MomentScorer(found, *clip, self._memory)
        return self.moments


def moments_of(
    model: TraceableModel, renderer: Renderer, segments: Segments, class_index: int
) -> LocalModel | str:
    """Return a model's moments, which were tried on masked clips; or why it is scored without."""
    key = _key(model, segments)
    known = _remembered(model)
    if key not in known:
        if len(known) >= _LENGTHS:
            known.pop(next(iter(known)))
        found = model.trace_moments(segments.n_samples, _longest(segments))
        if not isinstance(found, str) and not has_short_moments(found, segments):
            found = f"a moment hears {found.moment_samples} samples"
        if not isinstance(found, str):
            worst, moves = _difference(model, found, renderer, segments, class_index)
            if not moves:
                return "no mask changes its score here, so that nothing can be tried out"
            if worst:
                found = f"by moments, its scores differ by {worst:.1g}"
        known[key] = found
    return known[key]


def _difference(
    model: TraceableModel,
    found: LocalModel,
    renderer: Renderer,
    segments: Segments,
    class_index: int,
) -> tuple[float, bool]:
    """Score a few masked clips both ways: largest difference, and whether masks move the score."""
    drawn = np.random.default_rng(1).random((12, segments.n_cells))
    masks = np.concatenate([probe_masks(renderer), drawn < np.linspace(0.1, 0.9, 12)[:, None]])
    expected = ClipScorer(model, renderer, class_index).scores(masks)
    by_moments = MomentScorer(found, renderer, segments, class_index).scores(masks)
    different = ~((by_moments == expected) | (np.isnan(by_moments) & np.isnan(expected)))
    worst = np.abs(by_moments - expected)[different]
    return float(worst.max(initial=0.0)), bool((expected != expected[0]).any())


def _longest(segments: Segments) -> int:
    """Return how many samples touch at most `MOST_COLOURS` cells, wherever they begin."""
    lengths = np.diff(segments.edges_samples)
    shortest = int(lengths[:-1].min(initial=lengths.max()))  # the last may be a remainder
    return (MOST_COLOURS - 1) * shortest + 1


def _key(model: TraceableModel, segments: Segments) -> tuple[int, ...]:
    """Say what a finding holds for: a clip's length, its cells, and the network as it is now."""
    module = getattr(model, "module", None)
    held = [*module.parameters(), *module.buffers()] if module is not None else []
    state = (fact for one in held for fact in (id(one), 0 if one.is_inference() else one._version))
    return (segments.n_samples, segments.n_cells, *state)


def _remembered(model: TraceableModel) -> dict[tuple[int, ...], LocalModel | str]:
    try:
        return _FOUND.setdefault(model, {})
    except TypeError:  # it cannot be hashed, or not be referred to weakly
        return {}
