"""Localization per event: was every event found, and not only the loudest?

Conventions
-----------
`event_coverage` is ``shape=(events, n)``: row e is the part of each cell inside event e, as
`awb.segments.Segments.coverage` measures it for that event alone. A cell belongs to every event
that it touches (coverage above 0), so that even an event shorter than a cell has a cell, and two
events in one cell share its peak. A cell that touches no event is outside.

References
----------
Bolaños, C., Pepino, L., Meza, M., & Ferrer, L. (2025). Benchmarking time-localized explanations for
audio classification models. arXiv:2506.04391.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.metrics.checks import coverage_array, relevance_array
from awb.metrics.facts import MetricFacts
from awb.types import BoolArray

EVENT_MARGIN = MetricFacts(
    name="event-margin",
    family="localization",
    summary="smallest event peak minus highest peak outside, divided by the global maximum",
    higher_is_better=True,
    lowest=-1.0,
    highest=1.0,
    unit="share of the highest relevance",
    undefined="there is no event, no segment outside, or no positive relevance",
    formula=r"\frac{\min_{e \in E} \max_{i \in e} r_i^+"
    r" - \max_{i \notin \cup E} r_i^+}{\max_i r_i},"
    r" \quad r^+ = \max(r, 0)",
    citation="min-max margin of Bolaños et al. 2025, arXiv:2506.04391",
    reads="magnitudes",
    order_form="event-rank-margin",
)

EVENT_RECALL_COUNTS = (5, 10, 20)


def event_recall_facts(k: int) -> MetricFacts:
    """Describe event recall at one number of cells.

    Parameters
    ----------
    k : int
        Number of most relevant cells considered.

    Returns
    -------
    MetricFacts
        Named ``event-recall@k``.
    """
    return MetricFacts(
        name=f"event-recall@{k}",
        family="localization",
        summary=f"share of the events touched by one of the {k} most relevant segments",
        higher_is_better=True,
        lowest=0.0,
        highest=1.0,
        unit="share of events",
        undefined="there is no event",
        formula=rf"\frac{{1}}{{|E|}} \sum_{{e \in E}} [e \cap T \neq \emptyset],"
        rf" \quad T = \text{{the {k} most relevant segments}}",
        citation="recall at k per event; ties in expectation: our own definition",
        topped_by=f"{k} random segments touch most events" if k > EVENT_RECALL_COUNTS[0] else "",
    )


EVENT_RECALL_AT = {k: event_recall_facts(k) for k in EVENT_RECALL_COUNTS}


def touched_cells(
    relevance: npt.ArrayLike, event_coverage: npt.ArrayLike
) -> tuple[FloatArray, BoolArray]:
    """Validate relevance and coverage, and say which cells each event touches.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    event_coverage : array_like, shape=(events, n)
        Part of each cell inside each event.

    Returns
    -------
    relevance : np.ndarray, shape=(n,), dtype=float64
        The same values.
    touched : np.ndarray, shape=(events, n), dtype=bool
        True = the event touches the cell.

    Raises
    ------
    ParameterError
        If the coverage does not fit.
    UndefinedScoreError
        If there is no event, or one lies outside the clip.
    """
    values = relevance_array(relevance)
    coverage = coverage_array(event_coverage, values.size)
    if coverage.ndim != 2:
        raise ParameterError(
            f"event coverage has one row per event; got shape {coverage.shape}"
            " (did you pass the coverage of all events together?)"
        )
    if len(coverage) == 0:
        raise UndefinedScoreError("there is no event")
    touched = coverage > 0
    if not touched.any(axis=1).all():
        raise UndefinedScoreError("an event lies outside the clip")
    return values, touched


def event_margin(relevance: npt.ArrayLike, event_coverage: npt.ArrayLike) -> float:
    """Smallest event peak minus the highest peak outside, divided by the global maximum.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell. Negative relevance counts as 0, since it is not evidence for the
        target; so the margin is bounded and no explanation beats the labels themselves.
    event_coverage : array_like, shape=(events, n)
        Part of each cell inside each event.

    Returns
    -------
    float
        In [-1, 1], higher is better; above 0 when every event has a peak above everything outside.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the coverage does not fit.
    UndefinedScoreError
        If there is no event, no cell outside, or no positive relevance.

    References
    ----------
    Bolaños, C., et al. (2025). arXiv:2506.04391.

    Examples
    --------
    >>> event_margin([4.0, 1.0, 2.0], [[1.0, 0.0, 0.0], [0.0, 0.0, 0.5]])
    0.25
    """
    values, touched = touched_cells(relevance, event_coverage)
    outside = ~touched.any(axis=0)
    if not outside.any():
        raise UndefinedScoreError("no segment lies outside the events")
    highest = values.max()
    if highest <= 0:
        raise UndefinedScoreError("no relevance is positive")
    scaled = np.maximum(values, 0.0) / highest
    smallest_peak = min(scaled[cells].max() for cells in touched)
    return float(smallest_peak - scaled[outside].max())


def event_recall(relevance: npt.ArrayLike, event_coverage: npt.ArrayLike, *, k: int) -> float:
    """Share of the events that one of the k most relevant cells touches.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    event_coverage : array_like, shape=(events, n)
        Part of each cell inside each event.
    k : int
        Number of cells considered, at least 1; in a clip with fewer, all of them.

    Returns
    -------
    float
        In [0, 1], higher is better. Cells that tie for the last places count by expectation, as if
        ties were broken at random.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the coverage does not fit, or `k` is not positive.
    UndefinedScoreError
        If there is no event.

    Examples
    --------
    >>> event_recall([4.0, 1.0, 2.0], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], k=2)
    0.5
    """
    values, touched = touched_cells(relevance, event_coverage)
    if k < 1:
        raise ParameterError(f"event recall needs at least one segment: {k}")
    count = min(k, values.size)
    last = np.sort(values)[-count]
    above, tied = values > last, values == last
    places, ties = count - int(above.sum()), int(tied.sum())
    found = [
        1.0 if (cells & above).any() else _chance_of_hit(ties, int((cells & tied).sum()), places)
        for cells in touched
    ]
    return float(np.mean(found))


def _chance_of_hit(ties: int, wanted: int, places: int) -> float:
    """Return the chance that `places` of `ties` cells, drawn at random, include a wanted one."""
    return 1.0 - math.comb(ties - wanted, places) / math.comb(ties, places)
