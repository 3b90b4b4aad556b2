"""``awb data prepare audioset``: from the published files to tables of instances."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from awb.data.preparation import Family, Preparation
from awb.data.skipped import BAD_AUDIO
from awb.errors import AudioError, MissingExtraError
from awb_datasets.audioset.columns import family_table, label_table, shared_columns
from awb_datasets.audioset.decisions import Audio, decide, funnel
from awb_datasets.audioset.files import AudioFiles
from awb_datasets.audioset.instances import CLIP_S, find_instances, sounding
from awb_datasets.audioset.opening import Tables, fingerprint, open_tables

if TYPE_CHECKING:
    from awb_datasets.audioset.parameters import AudioSetParameters

MISSING_FILE = "missing_audio.txt"


def inspect_audio(tables: Tables, folder: Path | None) -> Audio:
    """Find every clip's file and read its header."""
    segments = tables.labels.segments
    missing, unreadable = np.zeros((2, len(segments)), dtype=bool)
    clip_s = np.full(len(segments), CLIP_S)
    problems = []
    if folder is not None:
        files = AudioFiles(folder, segments)
        for index, segment in enumerate(segments):
            if segment not in files:
                missing[index] = True
                continue
            try:
                clip_s[index] = files.duration_s(segment)
            except (AudioError, MissingExtraError) as error:
                unreadable[index] = True
                problems.append(f"{BAD_AUDIO}: {error}")
    return Audio(missing, unreadable, clip_s, tuple(problems))


def prepare(
    parameters: AudioSetParameters, families: Sequence[Family], max_event_fraction: float
) -> Preparation:
    """Make a table of instances for every family of models."""
    tables = open_tables(
        parameters.labels, parameters.ontology, parameters.names, parameters.policy
    )
    audio = inspect_audio(tables, parameters.audio)
    instances = find_instances(
        tables.labels, tables.contributions, audio.clip_s, merge_gap_s=parameters.merge_gap_s
    )
    shared = shared_columns(tables, instances, audio)
    made, funnels, kept = {}, {}, {}
    for family in families:
        decisions = decide(tables, instances, audio, family, max_event_fraction)
        reasons = decisions.reasons()
        made[family.name] = family_table(shared, decisions, reasons)
        funnels[family.name] = funnel(tables, instances, audio, decisions)
        kept[family.name] = np.array([not reason for reason in reasons], dtype=bool)
    segments = tables.labels.segments
    lost = tuple(segments[index].id for index in np.flatnonzero(audio.missing))
    there = [segments[index].id for index in np.flatnonzero(~audio.missing)]
    return Preparation(
        made,
        funnels,
        label_table(tables, instances, kept),
        {MISSING_FILE: lost} if parameters.audio is not None else {},
        (*(f"{fault}; the row is left out" for fault in tables.faults()), *audio.problems),
        _notes(tables, audio),
        fingerprint(tables.fingerprint, parameters.merge_gap_s, there),
    )


def _notes(tables: Tables, audio: Audio) -> tuple[str, ...]:
    """Count the rows that are left out without being wrong."""
    labels = tables.labels
    well_formed = np.flatnonzero(~labels.malformed)
    empty = labels.offset_us[well_formed] <= labels.onset_us[well_formed]
    late = ~sounding(labels, well_formed, audio.clip_s) & ~empty
    counts = {
        "rows with an event of zero length": int(empty.sum()),
        "rows with an event after the end of its clip": int(late.sum()),
    }
    return tuple(f"{what}: {count}" for what, count in counts.items() if count)
