"""``awb data prepare audioset``: from the published files to tables of instances."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from awb.errors import AudioError, MissingExtraError
from awb.harness.preparation import Family, Preparation
from awb.harness.selection import BAD_AUDIO
from awb_datasets.audioset.decisions import Audio, Decisions, decide, funnel
from awb_datasets.audioset.files import AudioFiles
from awb_datasets.audioset.instances import CLIP_S, Instances, find_instances, sounding
from awb_datasets.audioset.opening import Tables, open_tables

if TYPE_CHECKING:
    from awb_datasets.audioset import AudioSetParameters

MISSING_FILE = "missing_audio.txt"


def inspect_audio(tables: Tables, folder: Path | None) -> Audio:
    """Find every clip's file and read its header.

    Parameters
    ----------
    tables : Tables
        The clips.
    folder : Path or None
        Where the audio is; None takes every clip as there, and 10 s long.

    Returns
    -------
    Audio
        What is missing, what is unreadable and why, and how long the clips are.

    Raises
    ------
    DataError
        If there is no such folder, or it holds none of the clips.
    """
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


def fingerprint(tables: Tables, merge_gap_s: float, available: Sequence[str]) -> str:
    """Hash what decides about the instances, apart from the model and the samples.

    Parameters
    ----------
    tables : Tables
        The files and the policy.
    merge_gap_s : float
        Longest gap that is closed, in seconds.
    available : sequence of str
        Ids of the segments that have audio.

    Returns
    -------
    str
        A SHA-256 in hexadecimal.
    """
    content = [tables.fingerprint, merge_gap_s, sorted(available)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def prepare(
    parameters: AudioSetParameters, families: Sequence[Family], max_event_fraction: float
) -> Preparation:
    """Make a table of instances for every family of models.

    Parameters
    ----------
    parameters : AudioSetParameters
        The dataset's settings.
    families : sequence of Family
        Lists of classes, and scores where they are known.
    max_event_fraction : float
        Longest allowed union of events, as a part of the clip, in (0, 1].

    Returns
    -------
    Preparation
        Tables, funnels, the label table, and the clips without audio.

    Raises
    ------
    DataError
        If the files as a whole cannot be used; single bad rows and files are told in ``problems``.
    """
    tables = open_tables(
        parameters.labels, parameters.ontology, parameters.names, parameters.policy
    )
    audio = inspect_audio(tables, parameters.audio)
    instances = find_instances(
        tables.labels, tables.contributions, audio.clip_s, merge_gap_s=parameters.merge_gap_s
    )
    shared = _shared_columns(tables, instances, audio)
    made, funnels, kept = {}, {}, {}
    for family in families:
        decisions = decide(tables, instances, audio, family, max_event_fraction)
        reasons = decisions.reasons()
        made[family.name] = _table(shared, decisions, reasons)
        funnels[family.name] = funnel(tables, instances, audio, decisions)
        kept[family.name] = np.array([not reason for reason in reasons], dtype=bool)
    segments = tables.labels.segments
    lost = tuple(segments[index].id for index in np.flatnonzero(audio.missing))
    there = [segments[index].id for index in np.flatnonzero(~audio.missing)]
    return Preparation(
        made,
        funnels,
        _label_table(tables, instances, kept),
        {MISSING_FILE: lost} if parameters.audio is not None else {},
        (*(f"{fault}; the row is left out" for fault in tables.faults()), *audio.problems),
        _notes(tables, audio),
        fingerprint(tables, parameters.merge_gap_s, there),
    )


def _notes(tables: Tables, audio: Audio) -> tuple[str, ...]:
    """Count the rows that are left out without being wrong."""
    labels = tables.labels
    well_formed = np.flatnonzero(~labels.malformed)
    empty = labels.offset_us[well_formed] <= labels.onset_us[well_formed]
    late = ~sounding(labels, well_formed, audio.clip_s) & ~empty
    told = [(int(empty.sum()), "zero length"), (int(late.sum()), "after the end of its clip")]
    notes = [f"rows with an event of {what}: {count}" for count, what in told[:1] if count]
    notes += [f"rows with an event {what}: {count}" for count, what in told[1:] if count]
    return tuple(notes)


def _strings(values: Sequence[str], codes: Any) -> Any:
    """Look texts up by their codes, without a Python object a row."""
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(values, pa.string())).cast(
        pa.string()
    )


def _lists(values: Sequence[Sequence[str]], codes: Any) -> Any:
    return pa.array(values, pa.list_(pa.string())).take(pa.array(codes))


def _father_columns(tables: Tables) -> tuple[list[str], list[list[str]]]:
    """Return father and other fathers of every target, by display name."""
    ontology, mids = tables.ontology, tables.contributions.mids
    fathers = [tables.name(ontology.father(mid)) if mid in ontology else "" for mid in mids]
    others = [
        [tables.name(other) for other in ontology.other_fathers(mid)] if mid in ontology else []
        for mid in mids
    ]
    return fathers, others


def _annotated(tables: Tables, instances: Instances) -> Any:
    """List the annotated labels behind every instance, by machine id."""
    n_labels = len(tables.labels.mids)
    label = tables.labels.label[instances.row]
    pairs = np.unique(instances.row_instance * n_labels + label)
    starts = np.searchsorted(pairs // n_labels, np.arange(len(instances) + 1))
    values = _strings(tables.labels.mids, pairs % n_labels)
    return pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), values)


def _events(instances: Instances) -> Any:
    """Return the united events of every instance as lists of (onset, offset) in seconds."""
    seconds = np.stack([instances.onset_us, instances.offset_us], axis=1) / 1e6
    bounds = np.arange(len(seconds) + 1, dtype=np.int32) * 2
    pairs = pa.ListArray.from_arrays(pa.array(bounds), pa.array(seconds.reshape(-1)))
    return pa.ListArray.from_arrays(pa.array(instances.starts.astype(np.int32)), pairs)


def _shared_columns(tables: Tables, instances: Instances, audio: Audio) -> dict[str, Any]:
    """Make the columns that are the same for every family."""
    mids = tables.contributions.mids
    fathers, others = _father_columns(tables)
    return {
        "clip_id": _strings(tables.clip_ids, instances.segment),
        "segment_id": _strings(
            [segment.id for segment in tables.labels.segments], instances.segment
        ),
        "target_mid": _strings(mids, instances.target),
        "positive_label": _strings([tables.name(mid) for mid in mids], instances.target),
        "father_label": _strings(fathers, instances.target),
        "other_fathers": _lists(others, instances.target),
        "annotated_mids": _annotated(tables, instances),
        "events": _events(instances),
        "event_duration_s": pa.array(instances.event_duration_s()),
        "clip_duration_s": pa.array(audio.clip_s[instances.segment]),
    }


def _table(shared: dict[str, Any], decisions: Decisions, reasons: list[str]) -> Any:
    """Add what depends on the family."""
    index, score = decisions.class_index, decisions.score
    own = {
        "event_fraction": pa.array(decisions.event_fraction),
        "model_class_index": pa.array(index, mask=index < 0),
        "score": pa.array(score, mask=np.isnan(score)),
        "kept": pa.array([not reason for reason in reasons]),
        "reason": pa.array(reasons, pa.string()),
    }
    return pa.table({**shared, **own})


def _label_table(tables: Tables, instances: Instances, kept: dict[str, Any]) -> Any:
    """Make one row a target: how often it occurs, and how often each family keeps it."""
    mids = tables.contributions.mids
    fathers, others = _father_columns(tables)
    n_targets = len(mids)
    target_of_row = instances.target[instances.row_instance]
    seconds = np.bincount(
        instances.target, weights=instances.event_duration_s(), minlength=n_targets
    )
    columns = {
        "target_mid": pa.array(mids),
        "positive_label": pa.array([tables.name(mid) for mid in mids]),
        "father_label": pa.array(fathers),
        "other_fathers": pa.array(others, pa.list_(pa.string())),
        "rows": pa.array(np.bincount(target_of_row, minlength=n_targets)),
        "clips": pa.array(np.bincount(instances.target, minlength=n_targets)),
        "event_duration_s": pa.array(seconds),
    }
    for name, mask in kept.items():
        columns[f"kept_{name}"] = pa.array(
            np.bincount(instances.target[mask], minlength=n_targets)
        )
    return pa.table(columns).sort_by([("clips", "descending"), ("target_mid", "ascending")])
