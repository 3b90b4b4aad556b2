"""Why a run has nothing to explain, and what to type: one sentence instead of an empty board."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from awb.data.instance_kinds import FALSE_ALARMS, HITS, none_of
from awb.data.skipped import (
    BAD_AUDIO,
    LOW_SCORE,
    MODEL_FAILED,
    NO_EVENTS,
    TOO_LONG,
    UNKNOWN_LABEL,
    Skipped,
)
from awb.errors import RunError
from awb.harness.config.run_config import RunConfig
from awb.harness.selection.manifest import Manifest

_NAMES = 6  # that a sentence lists before it counts
_NUMBER = re.compile(r"-?\d+(\.\d+)?")

Classes = Mapping[str, Sequence[str]]
"""Names of the classes of each model, by its label."""


class NoInstancesError(RunError):
    """A run that selected nothing to explain."""


def check_some(manifests: Sequence[Manifest], config: RunConfig, classes: Classes) -> None:
    """Raise if no model has an instance on any dataset."""
    if not any(one.kept for one in manifests):
        raise NoInstancesError(why_none(manifests, config, classes))


def why_none(
    manifests: Sequence[Manifest], config: RunConfig, classes: Classes | None = None
) -> str:
    """Say why nothing was selected, and what to type.

    Examples
    --------
    >>> skipped = (Skipped("a", "bark", TOO_LONG, "0.312 of the clip"),)
    >>> manifest = Manifest("folder:x", "m", "", (), skipped)
    >>> why_none([manifest], RunConfig())
    'no instance to explain in folder:x for m: events too long (1). Type: --max-event-fraction 0.32'
    """
    first = manifests[0]
    skipped = [one for manifest in manifests for one in manifest.skipped]
    left_out = reasons(Counter(one.reason for one in skipped))
    advice = _advice(manifests, config, classes or {})
    if config.instances != HITS:
        return none_of(config.instances, left_out) + (f". {advice}" if advice else "")
    where = f"{first.dataset} for {first.model}"
    if len(manifests) > 1:
        where = f"{len(manifests)} pairs of a dataset and a model"
    if not skipped:
        return f"no instance to explain in {where}: it has no clips"
    return f"no instance to explain in {where}: {left_out}{f'. {advice}' if advice else ''}"


def reasons(counts: Mapping[str, int]) -> str:
    """List why clips or targets are left out, the most frequent reason first.

    Examples
    --------
    >>> reasons({"no events": 1, "events too long": 3})
    'events too long (3), no events (1)'
    """
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{reason} ({count})" for reason, count in ordered)


def _advice(manifests: Sequence[Manifest], config: RunConfig, classes: Classes) -> str:
    """Say what to type, from the reason why most targets are left out."""
    skipped = [one for manifest in manifests for one in manifest.skipped]
    if config.instances == FALSE_ALARMS or not skipped:
        return _look_further(config, skipped)
    [(reason, _)] = Counter(one.reason for one in skipped).most_common(1)
    details = [one.detail for one in skipped if one.reason == reason]
    numbers = [float(found[0]) for found in map(_NUMBER.search, details) if found]
    if reason == TOO_LONG and numbers and config.max_event_fraction < 1:
        least = min(1.0, math.ceil(100 * min(numbers) + 0.01) / 100)
        return f"Type: --max-event-fraction {least:g}"
    if reason == LOW_SCORE and numbers:
        most = math.floor(10 * max(numbers)) / 10
        return (
            f"Type: --min-score {most:g} to explain what the model is not sure of, or --instances"
            " misses"
        )
    if reason == UNKNOWN_LABEL:
        labels = dict.fromkeys(one.target for one in skipped if one.reason == reason)
        return _unknown(list(labels), manifests[0].model, classes)
    if reason == NO_EVENTS:
        return f"Are labels where they belong? Type: awb data describe {manifests[0].dataset}"
    if reason in (BAD_AUDIO, MODEL_FAILED):
        return f"The first: {details[0]}"
    return _look_further(config, skipped)


def _unknown(labels: Sequence[str], model: str, classes: Classes) -> str:
    """Say which labels fit no class of a model, and what its classes are."""
    known = classes.get(model, ())
    name = model.partition(":")[0]
    has = f"its {len(known)} classes are {listed(known)}" if known else f"see awb info {name}"
    return (
        f"No class of {model} is called {listed(labels, 'or')} ({has}). Rename the labels, or"
        " choose another --model: awb plugins models"
    )


def _look_further(config: RunConfig, skipped: Sequence[Skipped]) -> str:
    """Say how to look at more clips, if there was a limit that was reached."""
    looked = len({one.clip_id for one in skipped})
    if config.among_first is None or looked < config.among_first:
        return ""
    return f"Type: --among-first {10 * config.among_first} to look at more clips"


def listed(names: Sequence[str], word: str = "and") -> str:
    """List names; of many, only the first.

    Examples
    --------
    >>> listed(["a", "b", "c"], "or"), listed(list("abcdefgh"))
    ('a, b or c', 'a, b, c, d, e, f and 2 others')
    """
    if len(names) > _NAMES:
        names = [*names[:_NAMES], f"{len(names) - _NAMES} others"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
