"""Which instances are kept for a family of models, and why the others are not.

The questions are asked in a fixed order, and the first that an instance fails is its reason. They
are the questions that the harness asks when it selects instances, and those about tables and files
that it cannot ask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from awb.data.preparation import Family, Step
from awb.data.skipped import BAD_AUDIO, LOW_SCORE, NO_EVENTS, TOO_LONG, UNKNOWN_LABEL
from awb.intervals import FloatArray, IntArray
from awb.types import BoolArray
from awb_datasets.audioset.instances import Instances, sounding
from awb_datasets.audioset.opening import Tables

MALFORMED = "malformed row"
UNKNOWN_TO_ONTOLOGY = "label unknown to the ontology"
NO_AUDIO = "audio missing"
NOT_SCORED = "not scored yet"

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """What is known of every segment's audio.

    Attributes
    ----------
    missing, unreadable : np.ndarray, shape=(segments,), dtype=bool
        No file; a file that cannot be read. All False where no folder was given.
    clip_s : np.ndarray, shape=(segments,)
        Duration of each clip in seconds; 10 where it is not known.
    problems : tuple of str
        Why files cannot be read, one sentence each.
    """

    missing: BoolArray
    unreadable: BoolArray
    clip_s: FloatArray
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What was decided about every instance.

    Attributes
    ----------
    class_index : np.ndarray, shape=(instances,)
        The model's class, -1 where it has none.
    event_fraction : np.ndarray, shape=(instances,)
        Part of the clip that the events cover, in [0, 1].
    score : np.ndarray, shape=(instances,)
        The model's log-odds, NaN where they are not known.
    failed : dict of str to np.ndarray, shape=(instances,), dtype=bool
        Reasons in the order of the questions, and which instances fail them.
    """

    class_index: IntArray
    event_fraction: FloatArray
    score: FloatArray
    failed: dict[str, BoolArray]

    def reasons(self) -> list[str]:
        """Return the first reason of each instance, empty where it is kept."""
        choices = np.array(["", *self.failed], dtype=object)
        number = np.zeros(len(self.class_index), dtype=np.int64)
        for position, failed in reversed(list(enumerate(self.failed.values(), 1))):
            number[failed] = position
        return [str(reason) for reason in choices[number]]


def decide(
    tables: Tables,
    instances: Instances,
    audio: Audio,
    family: Family,
    max_event_fraction: float,
) -> Decisions:
    """Ask all questions about all instances."""
    mids = tables.contributions.mids
    in_ontology = np.array([mid in tables.ontology for mid in mids], dtype=bool)
    found = [family.classes.find(tables.name(mid), mid) for mid in mids]
    indices = np.array([-1 if index is None else index for index in found], dtype=np.int64)
    class_index = indices[instances.target]
    fraction = instances.event_duration_s() / audio.clip_s[instances.segment]
    score = _scores(tables, instances, class_index, family)
    failed = {
        MALFORMED: instances.malformed,
        NO_EVENTS: np.diff(instances.starts) == 0,
        UNKNOWN_TO_ONTOLOGY: ~in_ontology[instances.target],
        UNKNOWN_LABEL: class_index < 0,
        NO_AUDIO: audio.missing[instances.segment],
        BAD_AUDIO: audio.unreadable[instances.segment],
        TOO_LONG: fraction > max_event_fraction + _ROUNDING,
    }
    if family.scores is not None:
        failed[NOT_SCORED] = np.isnan(score)
        failed[LOW_SCORE] = score < family.min_score
    return Decisions(class_index, fraction, score, failed)


def _scores(
    tables: Tables, instances: Instances, class_index: IntArray, family: Family
) -> FloatArray:
    """Look up each instance's log-odds; NaN compares as not below any threshold."""
    score = np.full(len(instances), np.nan)
    if family.scores is None:
        return score
    for instance in np.flatnonzero(class_index >= 0):
        row = family.scores.get(tables.clip_ids[instances.segment[instance]])
        if row is not None:
            score[instance] = row[class_index[instance]]
    return score


def funnel(
    tables: Tables, instances: Instances, audio: Audio, decisions: Decisions
) -> tuple[Step, ...]:
    """Count what is left after each question."""
    labels = tables.labels
    heard = np.ones(len(instances.row), dtype=bool)
    left = np.ones(len(instances), dtype=bool)
    steps = [Step("as published", labels.n_rows, len(labels.segments), len(instances))]
    for reason, failed in decisions.failed.items():
        left &= ~failed
        if reason == NO_EVENTS:
            heard = sounding(labels, instances.row, audio.clip_s)
        rows = np.unique(instances.row[heard & left[instances.row_instance]])
        clips = np.unique(instances.segment[left])
        steps.append(Step(f"without: {reason}", len(rows), len(clips), int(left.sum())))
    return tuple(steps)
