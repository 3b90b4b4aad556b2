"""The rules for datasets."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from awb.conformance.guards import METADATA, SETTINGS, leaves_globals, same, worker_rule
from awb.conformance.rules import ConformanceError, Rule
from awb.errors import AwbError, DataError
from awb.harness.unit.warm_plugins import build
from awb.plugins.resolve import Resolved
from awb.protocols import Dataset
from awb.types import Clip

FIRST = 4
"""Number of clips that most rules load."""
MANY = 60
"""Number of clips searched for copies: half from the start, half spread over the rest."""
_NOBODY = "no such clip: awb check"


def _ids(dataset: Dataset) -> list[str]:
    return list(dataset.clip_ids())


def _content(clip: Clip) -> tuple[Any, ...]:
    events = sorted((one.label, one.onset_s, one.offset_s) for one in clip.events)
    return (
        clip.id,
        clip.waveform,
        clip.sample_rate_hz,
        repr(events),
        repr(sorted(clip.labels)),
        clip.group,
    )


def _clips(resolved: Resolved) -> list[Clip]:
    dataset = build(resolved)
    return [dataset.load(clip_id) for clip_id in _ids(dataset)[:FIRST]]


def probe(resolved: Resolved) -> list[tuple[Any, ...]]:
    """Load the first clips."""
    return [_content(clip) for clip in _clips(resolved)]


def _listed(resolved: Resolved) -> None:
    """Check that ids exist, are unique, and are the same from a second instance."""
    dataset = build(resolved)
    if not isinstance(dataset, Dataset):
        raise ConformanceError("what its factory returns must have clip_ids and load")
    ids = _ids(dataset)
    if not ids:
        raise ConformanceError("it has no clips")
    if not all(isinstance(one, str) and one for one in ids):
        raise ConformanceError("ids must be non-empty strings")
    if len(set(ids)) != len(ids):
        raise ConformanceError(f"{len(ids) - len(set(ids))} ids occur more than once")
    if ids != _ids(dataset) or ids != _ids(build(resolved)):
        raise ConformanceError("clip_ids returns another list, or another order, the second time")


def _contract(resolved: Resolved) -> None:
    """Check loaded clips; `Clip` itself checks that events lie inside."""
    dataset = build(resolved)
    for clip_id in _ids(dataset)[:FIRST]:
        clip = dataset.load(clip_id)
        if not isinstance(clip, Clip):
            raise ConformanceError(f"load returns {type(clip).__name__}, expected awb.types.Clip")
        if clip.id != clip_id:
            raise ConformanceError(f"load({clip_id!r}) returns a clip with the id {clip.id!r}")


def _labelled(resolved: Resolved) -> None:
    if not any(clip.events or clip.labels for clip in _clips(resolved)):
        raise ConformanceError(f"the first {FIRST} clips have neither events nor labels")


def _repeatable(resolved: Resolved) -> None:
    """Load twice, the second time in another order."""
    dataset = build(resolved)
    ids = _ids(dataset)[:FIRST]
    once = {one: _content(dataset.load(one)) for one in ids}
    again = {one: _content(dataset.load(one)) for one in reversed(ids)}
    changed = [one for one in ids if not same(once[one], again[one])]
    if changed:
        raise ConformanceError(f"clip {changed[0]} differs when it is loaded again")


def _unknown(resolved: Resolved) -> None:
    """Load a clip that does not exist."""
    try:
        build(resolved).load(_NOBODY)
    except AwbError:
        return
    except Exception as error:
        text = f"an unknown id raises {type(error).__name__}, which stops a run"
        raise ConformanceError(text) from error
    raise ConformanceError("it loads a clip for an id that it does not have")


def _groups(resolved: Resolved) -> None:
    """Search for the same audio in two groups, which a split could separate."""
    dataset = build(resolved)
    owners: dict[bytes, tuple[str, str]] = {}
    for clip_id in spread_out(_ids(dataset)):
        try:
            clip = dataset.load(clip_id)
        except DataError:  # a run reports it and continues
            continue
        audio = hashlib.sha256(clip.waveform.tobytes()).digest()
        first, group = owners.setdefault(audio, (clip.id, clip.group))
        if first != clip.id and (not clip.group or group != clip.group):
            raise ConformanceError(f"{first} and {clip.id} are the same audio in two groups")


def spread_out(ids: list[str], many: int = MANY) -> list[str]:
    """Choose clips to search: all, or half from the start and half spread over the rest.

    Examples
    --------
    >>> spread_out(list("abcdefghij"), 4)
    ['a', 'b', 'c', 'j']
    """
    if len(ids) <= many:
        return ids
    start = many // 2
    places = np.linspace(start, len(ids) - 1, many - start).round().astype(int)
    return [*ids[:start], *(ids[place] for place in places)]


def _globals(resolved: Resolved) -> None:
    leaves_globals(lambda: probe(resolved))


RULES = [
    METADATA,
    SETTINGS,
    Rule("ids", "Sort the ids; an id must always refer to the same clip.", _listed),
    Rule(
        "contract",
        "load(id) must return an awb.types.Clip with that id: mono float32 in [-1, 1], events in"
        " seconds inside the clip.",
        _contract,
    ),
    Rule(
        "labels",
        "Give clips their events or labels: without them nothing can be scored.",
        _labelled,
    ),
    Rule("repeatable", "Seed a generator from the id, not from the order of loading.", _repeatable),
    Rule("unknown-id", "Raise awb.errors.DataError for an id that is not in clip_ids.", _unknown),
    Rule("groups", "Give copies of one recording the same Clip.group.", _groups),
    Rule("global-state", "Do not seed or draw from global generators.", _globals),
    worker_rule(probe),
]
