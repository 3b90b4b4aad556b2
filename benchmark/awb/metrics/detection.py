"""Localization as sound event detection: the polyphonic sound detection score of an explanation.

Conventions
-----------
At every threshold, runs of neighbouring cells whose relevance reaches it are *detections*. A
detection is valid when at least `dtc` of its duration lies inside the events; otherwise it is a
false alarm. An event is found when valid detections cover at least `gtc` of it. The score is the
area under the curve of the share of events found against the false alarms per hour, up to a limit,
as in Bilen et al. (2020) with a single class, so without cross-triggers and without a penalty for
the spread between classes.

Relevance has no common scale across clips, so a board scores each instance by itself and averages.
One false alarm in a clip of ten seconds is then already 360 per hour, and the usual limit of
detection tasks, 100, would require a flawless clip. The default is one false alarm per second.

References
----------
Bilen, Ç., Ferroni, G., Tuveri, F., Azcarreta, J., & Krstulović, S. (2020). A framework for the
robust evaluation of sound event detection. ICASSP. doi:10.1109/ICASSP40776.2020.9052995
Ebbers, J., Haeb-Umbach, R., & Serizel, R. (2022). Threshold independent evaluation of sound event
detection scores. ICASSP. arXiv:2201.13148 (Exact over all thresholds, as here.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, UndefinedScoreError
from awb.intervals import FloatArray, IntArray, union
from awb.metrics.checks import relevance_array
from awb.metrics.facts import MetricFacts

PSDS = MetricFacts(
    name="psds",
    family="localization",
    summary="polyphonic sound detection score of the explanation read as event detections",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="share of events",
    undefined="there is no event",
    formula=r"\frac{1}{F} \int_0^F \mathrm{found}(f)\,df, \quad F = 3600 \text{ per hour}",
    citation="Bilen et al. 2020, doi:10.1109/ICASSP40776.2020.9052995; Ebbers et al. 2022, "
    "arXiv:2201.13148",
)

_NOISE = 1e-9  # so that exactly half of an event counts as half despite rounding


@dataclass(frozen=True, slots=True, eq=False)
class ScoredClip:
    """The relevance of one clip and the events that it should find.

    Attributes
    ----------
    relevance : np.ndarray, shape=(n,)
        Relevance of every cell.
    edges_s : np.ndarray, shape=(n + 1,)
        Edges of the cells in seconds, ascending.
    intervals_s : np.ndarray, shape=(events, 2)
        Onsets and offsets in seconds; intervals that overlap or touch count as one event.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the edges do not ascend or do not fit, or an interval is empty.
    """

    relevance: FloatArray
    edges_s: FloatArray
    intervals_s: FloatArray

    def __post_init__(self) -> None:
        """Validate the arrays and merge the intervals."""
        values = relevance_array(self.relevance)
        edges = np.asarray(self.edges_s, dtype=np.float64)
        if edges.shape != (values.size + 1,) or not (np.diff(edges) > 0).all():
            raise ParameterError(
                f"expected {values.size + 1} ascending edges; got shape {edges.shape}"
            )
        intervals = union(self.intervals_s)
        if not (np.diff(intervals, axis=1) > 0).all():
            raise ParameterError("an event must end after it starts")
        object.__setattr__(self, "relevance", values)
        object.__setattr__(self, "edges_s", edges)
        object.__setattr__(self, "intervals_s", intervals)

    @property
    def duration_s(self) -> float:
        """Length of the clip in seconds."""
        return float(self.edges_s[-1] - self.edges_s[0])

    def counts(
        self, thresholds: FloatArray, *, dtc: float, gtc: float
    ) -> tuple[IntArray, IntArray]:
        """Count the events found and the false alarms at each threshold.

        Parameters
        ----------
        thresholds : np.ndarray, shape=(thresholds,)
            A cell is detected when its relevance is at least this.
        dtc, gtc : float
            Share of a detection that must lie inside the events, and share of an event that must be
            covered by valid detections; in (0, 1].

        Returns
        -------
        found : np.ndarray, shape=(thresholds,), dtype=int64
            Events covered by valid detections.
        false_alarms : np.ndarray, shape=(thresholds,), dtype=int64
            Detections that are not valid.
        """
        edges = self.edges_s
        active = np.zeros((thresholds.size, self.relevance.size + 2), dtype=np.int8)
        active[:, 1:-1] = self.relevance >= thresholds[:, None]
        change = np.diff(active, axis=1)
        row, start = np.nonzero(change == 1)
        stop = np.nonzero(change == -1)[1]
        onset, offset = self.intervals_s[:, :1], self.intervals_s[:, 1:]
        common_s = np.clip(
            np.minimum(edges[stop], offset) - np.maximum(edges[start], onset), 0, None
        )
        valid = common_s.sum(axis=0) >= dtc * (edges[stop] - edges[start]) - _NOISE
        covered_s = np.zeros((thresholds.size, len(self.intervals_s)))
        np.add.at(covered_s, row[valid], common_s[:, valid].T)
        found = (covered_s >= gtc * (offset - onset).T - _NOISE).sum(axis=1)
        return found, np.bincount(row[~valid], minlength=thresholds.size)


def psds(
    clips: Sequence[ScoredClip],
    *,
    dtc: float = 0.5,
    gtc: float = 0.5,
    max_false_alarms_per_hour: float = 3600.0,
) -> float:
    """Polyphonic sound detection score of one class, over one clip or a set of clips.

    Parameters
    ----------
    clips : sequence of ScoredClip
        Clips whose relevance has a common scale; usually a single clip.
    dtc : float
        Detection tolerance criterion: share of a detection that must lie inside the events.
    gtc : float
        Ground truth intersection criterion: share of an event that detections must cover.
    max_false_alarms_per_hour : float
        Upper limit of the integral.

    Returns
    -------
    float
        In [0, 1], higher is better.

    Raises
    ------
    ParameterError
        If there is no clip, a criterion is not in (0, 1], or the limit is not positive.
    UndefinedScoreError
        If there is no event.

    References
    ----------
    Bilen, Ç., et al. (2020). doi:10.1109/ICASSP40776.2020.9052995

    Examples
    --------
    >>> edges_s = np.arange(5) / 10
    >>> psds([ScoredClip(np.array([0.0, 9.0, 8.0, 0.0]), edges_s, np.array([[0.1, 0.3]]))])
    1.0
    """
    if not clips or not (0 < dtc <= 1 and 0 < gtc <= 1 and max_false_alarms_per_hour > 0):
        raise ParameterError(
            "psds needs a clip, criteria in (0, 1] and a positive limit:"
            f" {len(clips)}, {dtc}, {gtc}, {max_false_alarms_per_hour}"
        )
    n_events = sum(len(clip.intervals_s) for clip in clips)
    if n_events == 0:
        raise UndefinedScoreError("there is no event")
    thresholds = np.unique(np.concatenate([clip.relevance for clip in clips]))
    counts = [clip.counts(thresholds, dtc=dtc, gtc=gtc) for clip in clips]
    found = np.sum([pair[0] for pair in counts], axis=0) / n_events
    hours = sum(clip.duration_s for clip in clips) / 3600
    rate = np.sum([pair[1] for pair in counts], axis=0) / hours
    return (
        area_under_steps(rate, found, limit=max_false_alarms_per_hour) / max_false_alarms_per_hour
    )


def area_under_steps(cost: npt.ArrayLike, gain: npt.ArrayLike, *, limit: float) -> float:
    """Integrate the best gain attainable at each cost, from 0 to a limit.

    Parameters
    ----------
    cost, gain : array_like, shape=(points,)
        Operating points, in any order.
    limit : float
        Cost up to which to integrate.

    Returns
    -------
    float
        Area under the staircase that starts at a gain of 0 and never decreases.

    Examples
    --------
    >>> area_under_steps([1.0, 3.0], [0.5, 1.0], limit=4.0)
    2.0
    """
    costs = np.asarray(cost, dtype=np.float64)
    order = np.argsort(costs, kind="stable")
    best = np.maximum.accumulate(np.asarray(gain, dtype=np.float64)[order])
    steps = np.minimum(np.append(costs[order], limit), limit)
    return float(np.diff(steps) @ best)
