"""Segments: the units of time to which explanations assign relevance.

Conventions
-----------
The clip is divided into *cells* of one hop each; a segment is a window of one or more cells. By
default both are 100 ms and a segment is a cell, as in the reference study. With longer, overlapping
segments (500 ms every 100 ms, say) relevance is averaged back onto the cells, on which all metrics
are computed. Edges are integer sample positions; the last cell may be shorter.

References
----------
Bolaños, C., Pepino, L., Meza, M., & Ferrer, L. (2025). Benchmarking time-localized explanations for
audio classification models. arXiv:2506.04391.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray, IntArray, to_samples, union
from awb.types import BoolArray

LabelArray = npt.NDArray[np.int8]

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1

_ROUNDING = 2.0**-40  # of a value; sums of thousands of float64 are that exact


@dataclass(frozen=True)
class Segments:
    """The segments of one clip.

    Attributes
    ----------
    n_samples : int
        Length of the clip in samples.
    sample_rate_hz : int
        Sample rate in Hz.
    length_s, hop_s : float
        Length of a segment and distance between consecutive ones, in seconds. The length must be a
        whole number of hops.

    Raises
    ------
    ParameterError
        If a length is not positive and finite, the hop is shorter than a sample, or the length is
        not a whole number of hops.

    Examples
    --------
    >>> Segments(n_samples=40000, sample_rate_hz=16000).n
    25
    >>> Segments(n_samples=40000, sample_rate_hz=16000, length_s=0.5).n
    21
    """

    n_samples: int
    sample_rate_hz: int
    length_s: float = 0.1
    hop_s: float = 0.1

    def __post_init__(self) -> None:
        """Validate the lengths."""
        if self.n_samples < 1 or self.sample_rate_hz < 1:
            raise ParameterError("segments need a clip of at least one sample")
        if not (math.isfinite(self.length_s) and math.isfinite(self.hop_s)):
            raise ParameterError(
                f"segment length and hop must be finite: {self.length_s}, {self.hop_s}"
            )
        if self.hop_s * self.sample_rate_hz < 1:
            raise ParameterError(f"segment hop {self.hop_s:g} s is shorter than one sample")
        ratio = self.length_s / self.hop_s
        if ratio < 1 - 1e-9 or abs(ratio - round(ratio)) > 1e-6:
            raise ParameterError(
                f"segment length {self.length_s:g} s must be a whole number of hops"
                f" ({self.hop_s:g} s)"
            )

    @cached_property
    def edges_samples(self) -> IntArray:
        """Edges of the cells in samples, ``shape=(cells + 1,)``."""
        longest = int(np.ceil(self.n_samples / (self.hop_s * self.sample_rate_hz))) + 1
        edges = to_samples(np.arange(longest + 1) * self.hop_s, self.sample_rate_hz)
        return np.append(edges[edges < self.n_samples], self.n_samples)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self.edges_samples.size - 1

    @property
    def cells_per_segment(self) -> int:
        """Cells in a full segment."""
        return round(self.length_s / self.hop_s)

    @property
    def n(self) -> int:
        """Number of segments."""
        return max(1, self.n_cells - self.cells_per_segment + 1)

    @property
    def grid(self) -> Segments:
        """The cells as segments, on which metrics are computed."""
        return Segments(self.n_samples, self.sample_rate_hz, self.hop_s, self.hop_s)

    @property
    def centers_s(self) -> FloatArray:
        """Centres of the cells in seconds, ``shape=(cells,)``."""
        edges = self.edges_samples
        return (edges[:-1] + edges[1:]) / (2.0 * self.sample_rate_hz)

    def drop_cells(self, drop_masks: BoolArray) -> BoolArray:
        """Return which cells are dropped when segments are dropped.

        Parameters
        ----------
        drop_masks : np.ndarray, shape=(masks, segments), dtype=bool
            True = the segment's audio is replaced.

        Returns
        -------
        np.ndarray, shape=(masks, cells), dtype=bool
            True = at least one dropped segment covers the cell.
        """
        if self.n == self.n_cells:
            return drop_masks
        cells = np.zeros((len(drop_masks), self.n_cells), dtype=bool)
        width = self.n_cells - self.n + 1
        for offset in range(width):
            cells[:, offset : offset + self.n] |= drop_masks
        return cells

    def to_grid(self, relevance: FloatArray) -> FloatArray:
        """Average the relevance of overlapping segments onto the cells.

        Parameters
        ----------
        relevance : np.ndarray, shape=(segments,)
            Relevance of every segment.

        Returns
        -------
        np.ndarray, shape=(cells,)
            Mean relevance of the segments that cover each cell; tied if it differs by no more than
            rounding, see `tied`.
        """
        if self.n == self.n_cells:
            return tied(relevance)
        window = np.ones(self.n_cells - self.n + 1)
        return tied(np.convolve(relevance, window) / np.convolve(np.ones(self.n), window))

    def coverage(self, intervals_s: npt.ArrayLike) -> FloatArray:
        """Measure which part of each cell lies inside a set of intervals.

        Parameters
        ----------
        intervals_s : array_like, shape=(n, 2)
            Onsets and offsets in seconds; overlaps count once.

        Returns
        -------
        np.ndarray, shape=(cells,)
            Part of the cell's own length, in [0, 1].

        Examples
        --------
        >>> Segments(4000, 10000).coverage([[0.15, 0.3]]).tolist()
        [0.0, 0.5, 1.0, 0.0]
        """
        edges = self.edges_samples
        inside = np.zeros(self.n_cells)
        for onset, offset in union(to_samples(intervals_s, self.sample_rate_hz)):
            inside += np.clip(
                np.minimum(edges[1:], offset) - np.maximum(edges[:-1], onset), 0, None
            )
        return inside / np.diff(edges)


def labels_from_coverage(
    coverage: npt.ArrayLike, *, positive: float = 0.9, negative: float = 0.0
) -> LabelArray:
    """Convert coverage to labels, ignoring cells that are neither inside nor outside.

    Parameters
    ----------
    coverage : array_like, shape=(cells,)
        Part of each cell inside the relevant events, in [0, 1].
    positive : float
        Cells covered by more than this are positive (1).
    negative : float
        Cells covered by at most this are negative (0). All others are ignored (-1).

    Returns
    -------
    np.ndarray, shape=(cells,), dtype=int8
        1, 0 or -1.

    Raises
    ------
    ParameterError
        If the thresholds are not ``0 <= negative <= positive < 1``.

    Examples
    --------
    >>> labels_from_coverage([0.0, 0.4, 0.95]).tolist()
    [0, -1, 1]
    """
    if not 0 <= negative <= positive < 1:
        raise ParameterError(f"expected 0 <= negative <= positive < 1: {negative}, {positive}")
    covered = np.asarray(coverage, dtype=np.float64)
    labels = np.full(covered.shape, IGNORED, dtype=np.int8)
    labels[covered > positive] = POSITIVE
    labels[covered <= negative] = NEGATIVE
    return labels


def tied(
    relevance: npt.ArrayLike, tolerance: float = _ROUNDING, *, of: float | None = None
) -> FloatArray:
    """Make values equal that differ by no more than rounding.

    What an explainer spreads evenly comes back from sums and means with other last digits, in which
    processors differ: without this, they would decide which segment ranks first.

    Parameters
    ----------
    relevance : array_like
        Finite relevance, any shape.
    tolerance : float
        Neighbours in order are equal if they differ by no more than this part of the larger, or of
        `of`.
    of : float, optional
        The magnitude whose rounding all values share, such as that of a score which they are
        differences of.

    Returns
    -------
    np.ndarray, dtype=float64
        Of the same shape; equal values are all set to the smallest of them, others are unchanged.

    Examples
    --------
    >>> third = 0.1 + 0.2
    >>> third == 0.3, np.unique(tied([third, 0.3, 1e-9, 0.0])).size
    (False, 3)
    """
    values = np.asarray(relevance, dtype=np.float64)
    if values.size < 2:
        return values
    order = np.argsort(values, axis=None, kind="stable")
    ranked = values.ravel()[order]
    larger = np.maximum(np.abs(ranked[1:]), np.abs(ranked[:-1])) if of is None else of
    rises = ranked[1:] / 2 - ranked[:-1] / 2 > tolerance / 2 * larger  # halves cannot overflow
    found = np.empty_like(ranked)
    found[order] = ranked[np.concatenate([[0], np.flatnonzero(rises) + 1])][
        np.concatenate([[0], np.cumsum(rises)])
    ]
    return found.reshape(values.shape)
