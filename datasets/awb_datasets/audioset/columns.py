"""The columns of the tables, as Arrow arrays; no Python object is made a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from awb.types import BoolArray
from awb_datasets.audioset.decisions import Audio, Decisions
from awb_datasets.audioset.instances import Instances
from awb_datasets.audioset.labels import MICROSECONDS
from awb_datasets.audioset.opening import Tables


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
    seconds = np.stack([instances.onset_us, instances.offset_us], axis=1) / MICROSECONDS
    bounds = np.arange(len(seconds) + 1, dtype=np.int32) * 2
    pairs = pa.ListArray.from_arrays(pa.array(bounds), pa.array(seconds.reshape(-1)))
    return pa.ListArray.from_arrays(pa.array(instances.starts.astype(np.int32)), pairs)


def shared_columns(tables: Tables, instances: Instances, audio: Audio) -> dict[str, Any]:
    """Make the columns that are the same for every family of models."""
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


def family_table(shared: Mapping[str, Any], decisions: Decisions, reasons: list[str]) -> Any:
    """Add what depends on the family of models."""
    index, score = decisions.class_index, decisions.score
    own = {
        "event_fraction": pa.array(decisions.event_fraction),
        "model_class_index": pa.array(index, mask=index < 0),
        "score": pa.array(score, mask=np.isnan(score)),
        "kept": pa.array([not reason for reason in reasons]),
        "reason": pa.array(reasons, pa.string()),
    }
    return pa.table({**shared, **own})


def label_table(tables: Tables, instances: Instances, kept: Mapping[str, BoolArray]) -> Any:
    """Count every target."""
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
        columns[f"kept_{name}"] = pa.array(np.bincount(instances.target[mask], minlength=n_targets))
    return pa.table(columns).sort_by([("clips", "descending"), ("target_mid", "ascending")])
