"""Players: windows of segments that are kept or dropped as one.

A Shapley value of 100 ms says what a tenth of a second adds to any others, most of which are
silent; a sound that needs half a second to be heard adds little. Longer players are heard, and
fewer of them need fewer calls. What one of them is worth is divided equally among its segments, so
that the sum stays what it was. Windows are cut where the clock says; with several shifts they are
cut in several ways, each gets its share of the calls, and the mean of the answers is taken.

References
----------
Nayebi, A., Tipirneni, S., Reddy, C. K., Foreman, B., & Subbian, V. (2023). WindowSHAP: an efficient
framework for explaining time-series classifiers based on Shapley values. Journal of Biomedical
Informatics 144. arXiv:2211.06507 (windows of a time series as players)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pydantic import Field

from awb.intervals import FloatArray, IntArray
from awb.perturbation import Perturber
from awb.segments import Segments
from awb.specs import Explainer
from awb.types import Explanation, Instance
from awb_plugins.explainers.segmentwise.naive import whole_segments
from awb_plugins.explainers.segmentwise.postprocessing import (
    SegmentParameters,
    finished,
    need_equal_segments,
)
from awb_plugins.explainers.segmentwise.surrogates import additive


class PlayerParameters(SegmentParameters):
    """Settings of explainers whose players may be longer than a segment.

    Attributes
    ----------
    window_s : float
        Length of a player in seconds, rounded to whole segments; 0 for single segments.
    shifts : int
        In how many ways the clip is cut into windows, each shifted by a part of a window. They
        share the calls.
    """

    window_s: float = Field(default=0.0, ge=0)
    shifts: int = Field(default=1, ge=1)


def windows(n_segments: int, width: int, shifts: int) -> list[IntArray]:
    """Cut segments into windows in so many ways, as far as these differ.

    Examples
    --------
    >>> [cut.tolist() for cut in windows(5, 2, 2)]
    [[0, 0, 1, 1, 2], [0, 1, 1, 2, 2]]
    """
    position = np.arange(n_segments)
    cuts: dict[bytes, IntArray] = {}
    for shift in range(min(shifts, width)):
        place = (position + width - round(shift * width / shifts)) // width
        cut = place - place[0]
        cuts.setdefault(cut.tobytes(), cut)
    return list(cuts.values())


def players_of(
    segments: Segments, window_s: float, shifts: int, *, least: int = 1
) -> list[IntArray]:
    """Number the player of every segment, in each of the ways in which the clip is cut.

    Windows are shortened where a clip would have fewer than `least` of them.
    """
    width = whole_segments(window_s, segments) if window_s else 1
    return windows(segments.n, max(1, min(width, segments.n // least)), shifts)


def averaged(
    perturber: Perturber,
    cuts: Sequence[IntArray],
    explain: Callable[[Perturber], Explanation | FloatArray],
) -> Explanation:
    """Explain by the players of every cut, and average over the cuts on the segments."""
    relevance, intercepts = np.zeros(perturber.n_segments), []
    for players in cuts:
        found = explain(perturber.grouped(players, share=len(cuts)))
        values = found.relevance if isinstance(found, Explanation) else np.asarray(found)
        relevance += (values / np.bincount(players))[players] / len(cuts)
        if isinstance(found, Explanation) and found.surrogate is not None:
            nothing = np.ones((1, values.size), dtype=bool)
            intercepts.append(float(found.surrogate(nothing)[0]))
    if len(intercepts) < len(cuts):
        return Explanation(relevance)
    return Explanation(relevance, surrogate=additive(relevance, float(np.mean(intercepts))))


class OnPlayers:
    """An additive explainer of segments, asked about windows instead."""

    def __init__(self, make: Callable[[Any], Explainer], parameters: PlayerParameters) -> None:
        self._make = make
        self._parameters = parameters
        make(parameters)  # now, so that what it imports is imported before the first clip

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings = self._parameters
        need_equal_segments(perturber, "window_s")
        cuts = players_of(perturber.segments, settings.window_s, settings.shifts)
        explain = self._make(_shared_out(settings, len(cuts)))
        return averaged(perturber, cuts, lambda view: explain(view, instance, rng))


def _shared_out(settings: PlayerParameters, share: int) -> PlayerParameters:
    """Divide a number of calls that was asked for among the cuts."""
    asked = {
        name: -(-value // share)
        for name in ("samples", "permutations")
        if (value := getattr(settings, name, 0))
    }
    return settings.model_copy(update=asked)


def on_players(make: Callable[[Any], Explainer]) -> Callable[[Any], Explainer]:
    """Wrap a factory, so that what it makes obeys `PlayerParameters`."""

    def factory(parameters: Any) -> Explainer:
        return OnPlayers(make, parameters) if parameters.window_s else make(parameters)

    return finished(factory)
