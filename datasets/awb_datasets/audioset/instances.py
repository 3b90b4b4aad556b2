"""From rows to instances: one a (clip, target), with the union of all contributing events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from awb.intervals import FloatArray, IntArray
from awb.types import BoolArray
from awb_datasets.audioset.labels import MICROSECONDS, StrongLabels
from awb_datasets.audioset.policies import Contributions

CLIP_S = 10.0
"""Length of AudioSet's clips; what is assumed where there is no audio."""


@dataclass(frozen=True, slots=True, eq=False)
class Instances:
    """All (clip, target) pairs of a table, kept or not.

    Attributes
    ----------
    segment, target : np.ndarray, shape=(instances,)
        Index of the clip and of the target, in order of both.
    malformed : np.ndarray, shape=(instances,), dtype=bool
        True where a malformed row belongs to the instance, so that its events may be incomplete.
    starts : np.ndarray, shape=(instances + 1,)
        Where each instance's events start in the next two.
    onset_us, offset_us : np.ndarray, shape=(events,)
        United events in microseconds.
    row, row_instance : np.ndarray, shape=(pairs,)
        Which row contributes to which instance.
    """

    segment: IntArray
    target: IntArray
    malformed: BoolArray
    starts: IntArray
    onset_us: IntArray
    offset_us: IntArray
    row: IntArray
    row_instance: IntArray

    def __len__(self) -> int:
        """Return the number of instances."""
        return len(self.segment)

    def event_duration_s(self) -> FloatArray:
        """Return how long each instance's events last together, in seconds."""
        sums = np.append(0, np.cumsum(self.offset_us - self.onset_us))
        return np.asarray((sums[self.starts[1:]] - sums[self.starts[:-1]]) / MICROSECONDS)

    def events_s(self, instance: int) -> list[list[float]]:
        """Return the united events of one instance as pairs of seconds."""
        span = slice(int(self.starts[instance]), int(self.starts[instance + 1]))
        pairs = np.stack([self.onset_us[span], self.offset_us[span]], axis=1) / MICROSECONDS
        return [[float(onset), float(offset)] for onset, offset in pairs]


def sounding(labels: StrongLabels, rows: IntArray, clip_s: FloatArray) -> BoolArray:
    """Tell which rows are an event of some length inside their clip."""
    onset_us = labels.onset_us[rows]
    some_length = labels.offset_us[rows] > onset_us
    return some_length & (onset_us < _end_us(clip_s)[labels.segment[rows]])


def _end_us(clip_s: FloatArray) -> IntArray:
    return np.floor(clip_s * MICROSECONDS).astype(np.int64)


def find_instances(
    labels: StrongLabels,
    contributions: Contributions,
    clip_s: FloatArray,
    *,
    merge_gap_s: float,
    rows: IntArray | None = None,
) -> Instances:
    """Group rows by clip and target, and unite the events of each group."""
    if rows is None:
        rows = np.arange(len(labels.segment))
    position, target = contributions.expand(labels.label[rows])
    row = rows[position]
    n_targets = len(contributions.mids)
    keys, owner = np.unique(labels.segment[row] * n_targets + target, return_inverse=True)
    owner = owner.reshape(-1)
    malformed = np.zeros(len(keys), dtype=bool)
    malformed[owner[labels.malformed[row]]] = True
    heard = sounding(labels, row, clip_s)
    end_us = _end_us(clip_s)[labels.segment[row[heard]]]
    group, onset_us, offset_us = merge_events(
        owner[heard],
        labels.onset_us[row[heard]],
        np.minimum(labels.offset_us[row[heard]], end_us),
        merge_gap_us=round(merge_gap_s * MICROSECONDS),
    )
    starts = np.searchsorted(group, np.arange(len(keys) + 1))
    return Instances(
        keys // n_targets,
        keys % n_targets,
        malformed,
        starts,
        onset_us,
        offset_us,
        row,
        owner,
    )


def merge_events(
    group: IntArray, onset_us: IntArray, offset_us: IntArray, *, merge_gap_us: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Unite overlapping, nested and touching events of each group, and close small gaps."""
    if len(group) == 0:
        return group.copy(), onset_us.copy(), offset_us.copy()
    order = np.lexsort((onset_us, group))
    group, onset_us, offset_us = group[order], onset_us[order], offset_us[order]
    # Groups are laid out one after another on one time line, with room between them, so that the
    # latest offset so far never comes from another group.
    stride = int(offset_us.max()) + merge_gap_us + 1
    reach = np.maximum.accumulate(group * stride + offset_us)
    starts = np.ones(len(group), dtype=bool)
    starts[1:] = (group * stride + onset_us)[1:] > reach[:-1] + merge_gap_us
    starts[1:] |= group[1:] != group[:-1]
    ends = np.append(starts[1:], True)
    return group[starts], onset_us[starts], (reach - group * stride)[ends]
