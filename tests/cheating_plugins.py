"""An explainer that looks for annotated times in its process, and metrics of every kind."""

from __future__ import annotations

import dataclasses
import gc
import struct
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from awb.errors import NotApplicableError
from awb.hookspecs import hookimpl
from awb.metrics import ALL_FACTS
from awb.scoring import Scoring
from awb.specs import ExplainerSpec, MetricSpec
from awb.types import Clip, Event, Explanation, Instance
from awb.variations import AnotherGain, AnotherTarget

LENGTH_S, CLIPS = 0.4, 2


def onset_s(index: int) -> float:
    """Return when the event of a clip begins: a number that nothing else in a process equals."""
    return (3393 + 7041 * index) / 10_000


def _reachable() -> Iterator[Any]:
    """Yield what the frames of all threads hold, and all objects that the collector knows."""
    here = sys._getframe(1)
    frames = list(sys._current_frames().values())
    while frames:
        frame = frames.pop()
        if frame.f_back is not None:
            frames.append(frame.f_back)
        if frame.f_code.co_filename != here.f_code.co_filename:
            yield from list(frame.f_locals.values())
    for thing in gc.get_objects():
        if type(thing).__name__ != "frame":
            yield thing


_WHOLES = {dict, list, tuple, set, Event, Clip, Instance, Scoring}


def _parts(thing: Any) -> Iterator[Any]:
    """Yield a thing and what it consists of; numbers and arrays are known to no collector."""
    yield thing
    if type(thing) in _WHOLES:
        yield from gc.get_referents(thing)


@cache
def hunt(index: int) -> str:
    """Say where the process holds the event of a clip: as a number, in bytes, or as text."""
    found: set[str] = set()
    times = onset_s(index), onset_s(index) + LENGTH_S
    packed = [struct.pack(order, time) for time in times for order in (">d", "<d")]
    own = {id(times), id(packed)}
    for whole in _reachable():
        if id(whole) in own:
            continue
        for thing in _parts(whole):
            kind = type(thing)
            known = False
            if kind is float:
                known = any(abs(thing - time) < 1e-9 for time in times)
            elif kind is np.ndarray and thing.dtype.kind == "f" and thing.size:
                known = any((np.abs(thing - time) < 1e-9).any() for time in times)
            elif kind is bytes:
                known = any(one in thing for one in packed)
            elif kind is Instance:
                known = thing.intervals_s.size > 0
            elif kind is str:
                known = f"{times[0]:.4f}" in thing
            if known:
                found.add(type(whole).__name__)
    return f"found in {', '.join(sorted(found))}" if found else "found nothing"


def cheat(perturber: Any, instance: Any, rng: Any) -> Explanation:
    """Give relevance to the event if its times are to be found, and say where they were."""
    index = int(instance.clip.id.removesuffix(".wav")[-1])
    said = hunt(index)
    segments = perturber.segments
    middles_s = segments.edges_samples[:-1] / segments.sample_rate_hz
    inside = np.abs(middles_s - onset_s(index) - LENGTH_S / 2) < LENGTH_S / 2
    relevance = inside.astype(float) * (said != "found nothing")
    return Explanation(relevance, notes=(said, *sys.argv[1:]))


def fitted(perturber: Any, instance: Any, rng: Any) -> Explanation:
    """Score each segment, and forecast the sum of what each adds."""
    alone = perturber.clip_score() - perturber.scores(np.eye(perturber.n_segments, dtype=bool))
    whole = perturber.clip_score()
    return Explanation(alone, surrogate=lambda drop_masks: whole - drop_masks @ alone)


def without_events(scoring: Any) -> float:
    """Ask the model about the clip without its events."""
    return float(scoring.probabilities(scoring.labels[np.newaxis] == 1)[0])


def labels_first(scoring: Any) -> float:
    """Read labels, and then ask the explainer about a variation."""
    labels = scoring.strict_labels
    return float(scoring.varied(AnotherGain(-3.0))[labels == 1].sum())


def labels_last(scoring: Any) -> float:
    """Ask the explainer about another labelled class, and then read labels."""
    varied = scoring.varied(AnotherTarget("labelled"))
    return float(varied[scoring.strict_labels == 1].sum())


def forecasts(scoring: Any) -> float:
    """Read labels, and then the forecasts of the surrogate."""
    share = float(scoring.coverage.mean())
    predicted, _ = scoring.forecasts
    return share * float(predicted.mean())


def swallowed(scoring: Any) -> float:
    """Take whatever is raised for no events."""
    try:
        return float(len(scoring.intervals_s))
    except Exception:  # noqa: BLE001 - what a careless author writes
        return -1.0


def unmapped(scoring: Any) -> float:
    """Refuse what has no events inside, after reading them."""
    if scoring.event_coverage.max() > 0:
        raise NotApplicableError("never")
    return 0.0


METRICS: dict[str, Callable[[Any], float]] = {
    one.__name__.replace("_", "-"): one
    for one in (without_events, labels_first, labels_last, forecasts, swallowed, unmapped)
}


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """Return the explainers."""
    return [
        ExplainerSpec(
            name=one.__name__,
            summary="Not part of awb.",
            citation="a test",
            cost="one call per segment",
            factory=lambda _, one=one: one,  # type: ignore[misc]
        )
        for one in (cheat, fitted)
    ]


@hookimpl
def awb_metrics() -> list[MetricSpec]:
    """Return the metrics, of a family that may ask the explainer again."""
    facts = dataclasses.replace(ALL_FACTS["seed-stability"], lowest=-np.inf, highest=np.inf)
    return [
        MetricSpec(
            name=name,
            summary="Not part of awb.",
            citation="a test",
            facts=dataclasses.replace(facts, name=name),
            factory=lambda _, function=function: function,  # type: ignore[misc]
        )
        for name, function in METRICS.items()
    ]
