"""Traits of instances, such as their class or their level, and slices of similar instances."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np

from awb.errors import ParameterError, RunError, UnknownNameError, did_you_mean
from awb.harness.selection.instance_facts import InstanceFacts
from awb.harness.selection.manifest import Kept
from awb.intervals import FloatArray, total_s

Value = float | str | None

_DECIMALS = 6  # values that differ by less are the same


@dataclass(frozen=True, slots=True)
class Trait:
    """What instances may be told apart by."""

    name: str
    summary: str  # with its unit
    of: Callable[[Kept, InstanceFacts], Value]  # None if an instance has none
    missing: str  # why an instance has none
    unit: str = ""
    whole: bool = False  # whether its values are whole numbers
    recorded: bool = False  # whether it comes from facts that the run recorded


@dataclass(frozen=True, slots=True)
class Bin:
    """The instances of one slice."""

    label: str
    places: tuple[int, ...]  # positions among the given instances
    low: float = math.nan  # the slice is ``low <= value < high``; NaN for names
    high: float = math.nan


def _seconds(kept: Kept) -> float | None:
    return total_s(kept.intervals_s) if kept.intervals_s else None


def _percent_of_clip(seconds: float | None, facts: InstanceFacts) -> float | None:
    clip_s = _number(facts, "clip_s")
    return None if seconds is None or clip_s is None else 100 * seconds / clip_s


def _number(facts: InstanceFacts, name: str) -> float | None:
    return None if name not in facts else float(facts[name])


def _centre_s(kept: Kept) -> float | None:
    """Return the mean time of the events, each counting by its length."""
    if not kept.intervals_s:
        return None
    spans = np.array(kept.intervals_s)
    return float(np.average(spans.mean(axis=1), weights=spans[:, 1] - spans[:, 0]))


def _overlap(kept: Kept, facts: InstanceFacts) -> str | None:  # noqa: ARG001 - a trait's signature
    seconds = _number(facts, "overlap_s")
    return None if seconds is None else "overlapped" if seconds > 0 else "alone"


_NO_TIMES = "the labels have no times"

TRAITS = (
    Trait("class", "The target, as the dataset spells it.", lambda kept, _: kept.target, ""),
    Trait(
        "duration",
        "How long the target's events last together, in seconds.",
        lambda kept, _: _seconds(kept),
        _NO_TIMES,
        "s",
    ),
    Trait(
        "share",
        "The part of the clip that the target's events fill, in percent.",
        lambda kept, facts: _percent_of_clip(_seconds(kept), facts),
        _NO_TIMES,
        "%",
        recorded=True,
    ),
    Trait(
        "events",
        "The number of the target's events; those that touch or overlap are one.",
        lambda kept, _: len(kept.intervals_s) or None,
        _NO_TIMES,
        whole=True,
    ),
    Trait(
        "overlap",
        "Whether a labelled sound of another class overlaps the target's events.",
        _overlap,
        _NO_TIMES,
        recorded=True,
    ),
    Trait(
        "snr",
        "The level (mean square) of the audio within the target's events against the rest of the"
        " clip, in dB; 0 dB means as loud as the rest.",
        lambda _, facts: _number(facts, "snr_db"),
        "the labels have no times, or the events fill the clip",
        "dB",
        recorded=True,
    ),
    Trait(
        "clip-duration",
        "The length of the clip, in seconds.",
        lambda _, facts: _number(facts, "clip_s"),
        "",
        "s",
        recorded=True,
    ),
    Trait(
        "position",
        "Where in the clip the target's events are: their mean time, in percent of its length.",
        lambda kept, facts: _percent_of_clip(_centre_s(kept), facts),
        _NO_TIMES,
        "%",
        recorded=True,
    ),
    Trait(
        "score",
        "The model's probability of the target.",
        lambda kept, _: 1 / (1 + math.exp(-max(-700.0, kept.score))),
        "",
    ),
    Trait(
        "group",
        "What related clips share, such as a speaker or a source recording.",
        lambda _, facts: cast("str | None", facts.get("group")),
        "the dataset names none",
        recorded=True,
    ),
)


def find_trait(name: str) -> Trait:
    """Look up a trait by name."""
    known = {one.name: one for one in TRAITS}
    if name not in known:
        raise UnknownNameError(
            f"no slices by {name!r}.{did_you_mean(name, known)} Allowed: {', '.join(known)}"
        )
    return known[name]


def bins_of(
    trait: Trait, kept: Sequence[Kept], facts: Mapping[tuple[str, str], InstanceFacts], bins: int
) -> list[Bin]:
    """Sort instances into slices; those without the trait come last, as "unknown"."""
    if not kept:
        raise RunError("no instance was explained, so there is nothing to cut into slices")
    if not 2 <= bins <= 10:
        raise ParameterError(f"the number of slices must be 2 to 10, not {bins}")
    values = [trait.of(one, facts.get((one.clip_id, one.target), {})) for one in kept]
    known = [place for place, value in enumerate(values) if value is not None]
    if not known:
        raise RunError(_without(trait, facts))
    found = [values[place] for place in known]
    if isinstance(found[0], str):
        named = _by_name(cast("list[str]", found))
    else:
        named = _by_number(trait, np.array(found, dtype=np.float64), bins)
    slices = [
        Bin(one.label, tuple(known[place] for place in one.places), one.low, one.high)
        for one in named
    ]
    rest = tuple(place for place, value in enumerate(values) if value is None)
    return [*slices, Bin("unknown", rest)] if rest else slices


def _without(trait: Trait, facts: Mapping[tuple[str, str], InstanceFacts]) -> str:
    """Say why no instance has a trait."""
    if trait.recorded and not facts:
        rest = ", ".join(one.name for one in TRAITS if not one.recorded)
        return (
            f"the run does not know {trait.name}: it was made by a version of awb that did not"
            f" record it. Run it again, or choose one of {rest}"
        )
    return f"no instance has {trait.name}: {trait.missing}"


def _by_name(names: Sequence[str]) -> list[Bin]:
    return [
        Bin(name, tuple(place for place, own in enumerate(names) if own == name))
        for name in sorted(set(names))
    ]


def _by_number(trait: Trait, values: FloatArray, bins: int) -> list[Bin]:
    """Cut numbers into slices of about equal size, or one per value if there are few values."""
    values = np.round(values, _DECIMALS) + 0.0  # no -0
    distinct = np.unique(values)
    if distinct.size <= bins and (trait.whole or 2 * distinct.size <= max(values.size, 2)):
        return [
            Bin(
                f"{value:.12g} {trait.unit}".strip(),
                tuple(np.flatnonzero(values == value).tolist()),
                float(value),
                math.nextafter(float(value), math.inf),
            )
            for value in distinct
        ]
    ends = [-math.inf, *readable_edges(values, bins, whole=trait.whole), math.inf]
    return [
        Bin(
            span_label(low, high, trait),
            tuple(np.flatnonzero((values >= low) & (values < high)).tolist()),
            low,
            high,
        )
        for low, high in pairwise(ends)
    ]


def span_label(low: float, high: float, trait: Trait) -> str:
    """Write the limits of a slice, of which the upper one is outside.

    Examples
    --------
    >>> span_label(-math.inf, 0.5, find_trait("duration")), span_label(2, 4, find_trait("events"))
    ('below 0.5 s', '2 to 3')
    """
    unit = f" {trait.unit}" if trait.unit else ""
    if math.isinf(low):
        if math.isinf(high):
            return "all values"
        return f"below {high:.12g}{unit}"
    if math.isinf(high):
        return f"{low:.12g}{unit} or more"
    if trait.whole:
        return f"{low:.12g}" if high == low + 1 else f"{low:.12g} to {high - 1:.12g}"
    return f"{low:.12g} to {high:.12g}{unit}"


def readable_edges(values: FloatArray, bins: int, *, whole: bool = False) -> list[float]:
    """Choose edges near the quantiles that have as few digits as possible.

    An edge may leave the quantile by a quarter of a slice's instances, so that no slice has less
    than half of its share unless values tie.

    Examples
    --------
    >>> readable_edges(np.array([0.113, 0.31, 0.42, 0.487, 0.64, 1.23, 1.71, 2.2, 3.4]), 3)
    [0.5, 2.0]
    """
    ordered = np.sort(values)
    slack = ordered.size / bins / 4
    edges: list[float] = []
    n_below = 0
    for number in range(1, bins):
        middle = ordered.size * number / bins
        first, last = math.floor(middle - slack), math.ceil(middle + slack)
        low, high = (float(ordered[min(at, ordered.size - 1)]) for at in (max(0, first), last))
        if low == high:
            continue
        centre = float(np.interp(middle - 0.5, np.arange(ordered.size), ordered))
        edge = simplest_between(low, high, centre, smallest_step=1.0 if whole else 0.0)
        n_now = int(np.searchsorted(ordered, edge))
        if n_now > n_below:
            edges.append(edge)
            n_below = n_now
    return edges


def simplest_between(
    low: float, high: float, centre: float, *, smallest_step: float = 0.0
) -> float:
    """Return the multiple of the coarsest step (1, 2 or 5 times a power of ten) in ``(low, high]``.

    Of several multiples it is the one nearest to the centre.

    Examples
    --------
    >>> simplest_between(1.13, 2.71, 1.6), simplest_between(-3.0, 4.0, 1.0)
    (2.0, 0.0)
    """
    if low < 0 <= high:
        return 0.0
    power = math.ceil(math.log10(max(abs(low), abs(high)))) + 1
    while True:
        for digit in (5, 2, 1):
            step = digit * 10.0**power
            if step < smallest_step:
                return float(math.floor(high))
            least, most = math.floor(low / step) + 1, math.floor(high / step)
            if least <= most:
                multiple = min(max(round(centre / step), least), most)
                return float(f"{multiple * step:.12g}")
        power -= 1
