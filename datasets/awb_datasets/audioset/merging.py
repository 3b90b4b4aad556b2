"""Unions of events, for all instances of a table at once.

The slow, plain form is `awb.intervals.union` on one instance after another; the tests compare them.
Here times are whole microseconds, so a gap of exactly the allowed length is closed, always.
"""

from __future__ import annotations

import numpy as np

from awb.intervals import IntArray


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
