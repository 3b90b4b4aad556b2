"""What is known of an instance beyond its scores, kept so that a board can be cut into slices.

Everything here needs the audio or all labels of the clip, which a run folder does not keep.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from awb.data.class_index import ClassIndex
from awb.harness.selection.manifest import Kept
from awb.intervals import FloatArray, to_samples, total_s, union
from awb.types import Clip

InstanceFacts = Mapping[str, float | str]
"""By name; a fact that an instance does not have is left out."""

QUIETEST = 1e-10
"""Mean square below which audio counts as this quiet: -100 dB re full scale."""


def instance_facts(clip: Clip, kept: Kept, classes: ClassIndex) -> InstanceFacts:
    """Measure one instance in the clip as the dataset gives it.

    - ``clip_s``: length of the clip, in seconds.
    - ``overlap_s``: how long labelled sounds of other classes last within the target's events, in
      seconds.
    - ``snr_db``: level of the audio within the target's events against the rest of the clip, in
      decibels. Both include the background, so that 0 dB means "no louder than the rest".
    - ``group``: what related clips share, if the dataset says.
    """
    found: dict[str, float | str] = {"clip_s": clip.duration_s}
    if clip.group:
        found["group"] = clip.group
    if not kept.intervals_s:
        return found
    own_s = union(kept.intervals_s)
    others = [
        (event.onset_s, event.offset_s)
        for event in clip.events
        if classes.find(event.label, event.mid) != kept.class_index
    ]
    found["overlap_s"] = _common_s(own_s, union(others)) if others else 0.0
    level_db = _against_rest_db(clip, own_s)
    return found if math.isnan(level_db) else {**found, "snr_db": level_db}


def _common_s(first_s: FloatArray, second_s: FloatArray) -> float:
    """Return how long both of two unions of intervals last at once."""
    both = union(np.concatenate([first_s, second_s]))
    return max(0.0, total_s(first_s) + total_s(second_s) - total_s(both))


def _against_rest_db(clip: Clip, own_s: FloatArray) -> float:
    """Return the level within intervals against that outside; NaN if nothing lies outside."""
    inside = np.zeros(clip.waveform.size, dtype=bool)
    for start, end in to_samples(own_s, clip.sample_rate_hz):
        inside[start:end] = True
    if inside.all() or not inside.any():
        return math.nan
    power = np.square(clip.waveform, dtype=np.float64)
    within, rest = (max(float(power[part].mean()), QUIETEST) for part in (inside, ~inside))
    return 10 * math.log10(within / rest)
