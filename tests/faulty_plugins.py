"""A file of plugins that hang, crash, leak, lie and litter, for ``--plugin``.

Those that cost a worker process do it on one clip, `BAD_CLIP`, so that tests are quick; ``exits``
does it on all.
"""

from __future__ import annotations

import ctypes
import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from awb.hookspecs import hookimpl
from awb.metrics import ALL_FACTS
from awb.specs import ExplainerSpec, MetricSpec, ModelSpec

BAD_CLIP = "clip-1.wav"

MARKERS = os.environ.get("AWB_TEST_MARKERS", "")
"""A folder in which plugins leave the number of a process that must not outlive the run."""


def _loud(instance: Any, perturber: Any) -> Any:
    edges = perturber.segments.edges_samples[:-1]
    return np.add.reduceat(np.square(instance.clip.waveform), edges)


def _on_the_bad_clip(misbehave: Callable[..., Any]) -> Callable[..., Any]:
    def explain(perturber: Any, instance: Any, rng: Any) -> Any:
        if instance.clip.id == BAD_CLIP:
            misbehave(perturber, instance, rng)
        return _loud(instance, perturber)

    return explain


def _hangs(perturber: Any, instance: Any, rng: Any) -> NoReturn:
    """Also holds a process of its own."""
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if MARKERS:
        (Path(MARKERS) / f"pid-{grandchild.pid}").touch()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pass


def _segfaults(perturber: Any, instance: Any, rng: Any) -> Any:
    return ctypes.string_at(0)


def _exits(perturber: Any, instance: Any, rng: Any) -> Any:
    os._exit(3)


def _says_exit(perturber: Any, instance: Any, rng: Any) -> Any:
    sys.exit("enough")


def _interrupts(perturber: Any, instance: Any, rng: Any) -> Any:
    raise KeyboardInterrupt


def _leaks(perturber: Any, instance: Any, rng: Any) -> NoReturn:
    held = [np.ones(2_000_000) for _ in range(100)]
    while held:
        time.sleep(1)


def _nan(perturber: Any, instance: Any, rng: Any) -> Any:
    return np.full(perturber.n_segments, np.nan)


def _short(perturber: Any, instance: Any, rng: Any) -> Any:
    return np.zeros(perturber.n_segments - 1)


def _huge(perturber: Any, instance: Any, rng: Any) -> Any:
    return [10**400] * perturber.n_segments


def _strings(perturber: Any, instance: Any, rng: Any) -> Any:
    return ["1.0"] * perturber.n_segments


def _masked(perturber: Any, instance: Any, rng: Any) -> Any:
    return np.ma.masked_array(np.ones(perturber.n_segments), mask=True)


def _false_cost(perturber: Any, instance: Any, rng: Any) -> Any:
    pool = perturber.pool()
    perturber.charge(calls=-len(pool.scores))
    return np.zeros(perturber.n_segments)


def _mutates_audio(perturber: Any, instance: Any, rng: Any) -> Any:
    instance.clip.waveform.flags.writeable = True
    instance.clip.waveform[:] = 0


def _mutates_design(perturber: Any, instance: Any, rng: Any) -> Any:
    masks = perturber.pool().drop_masks
    masks.flags.writeable = True
    masks[:] = True


def _mutates_fill(perturber: Any, instance: Any, rng: Any) -> Any:
    perturber.fill.base[:] = 1


def _mutates_events(perturber: Any, instance: Any, rng: Any) -> Any:
    instance.clip.events = ()


def _litters(perturber: Any, instance: Any, rng: Any) -> Any:
    """A row like any other; but nothing of what it leaves may reach the others."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    np.seterr(all="raise")
    warnings.simplefilter("error")
    os.environ["OMP_NUM_THREADS"] = "7"
    os.chdir("/")
    sys.stdout = None
    return _loud(instance, perturber)


def _reports_cost(perturber: Any, instance: Any, rng: Any) -> Any:
    """Its own word on its cost is not taken."""
    from awb.types import Cost, Explanation

    relevance = perturber.clip_score() + _loud(instance, perturber)
    return Explanation(relevance, cost=Cost(-5, -5.0, -5.0))


class _MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def _mute(perturber: Any, instance: Any, rng: Any) -> Any:
    raise _MuteError


def _surrogates(perturber: Any, instance: Any, rng: Any) -> Any:
    raise ValueError("a lone \ud800, \x1b[31mred\x1b[0m, \u202eturned")


def _wordy(perturber: Any, instance: Any, rng: Any) -> Any:
    raise ValueError("word " * 10_000_000)


def _badly_named(perturber: Any, instance: Any, rng: Any) -> Any:
    raise type("Bad\n" + "Error" * 1000, (Exception,), {})("text")


def _notes_surrogates(perturber: Any, instance: Any, rng: Any) -> Any:
    from awb.types import Explanation

    return Explanation(_loud(instance, perturber), notes=("a \udcff note " * 1000,))


def _forks(perturber: Any, instance: Any, rng: Any) -> Any:
    """Both processes go on from here; only one of them is awb's."""
    os.fork()
    return _loud(instance, perturber)


def _closes_files(perturber: Any, instance: Any, rng: Any) -> Any:
    os.closerange(3, 4096)
    return _loud(instance, perturber)


def _prints(perturber: Any, instance: Any, rng: Any) -> Any:
    print("not for the board")  # noqa: T201
    os.write(1, b"nor this\n")
    sys.setrecursionlimit(70)
    return _loud(instance, perturber)


STOPPED: dict[str, tuple[Callable[..., Any], str]] = {
    "hangs": (_on_the_bad_clip(_hangs), "ran longer than 15 s (--time-limit)"),
    "segfaults": (_on_the_bad_clip(_segfaults), "its process ended: signal SIGSEGV"),
    "interrupts": (_on_the_bad_clip(_interrupts), "it raised KeyboardInterrupt"),
    "leaks": (_on_the_bad_clip(_leaks), "used more than 1.5 GB (--memory-limit)"),
    "exits": (_exits, "its process ended: exit code 3"),
    "closes-files": (
        _on_the_bad_clip(_closes_files),
        "it closed files that are not its own, among them its connection to awb",
    ),
}
"""What must stand in the rows of those that cost a worker process."""

LIARS: dict[str, tuple[Callable[..., Any], str]] = {
    "says-exit": (_says_exit, "it called sys.exit('enough')"),
    "mute": (_mute, "_MuteError: no message: its str() raised RuntimeError"),
    "surrogates": (_surrogates, "ValueError: a lone \ufffd, \ufffd[31mred\ufffd[0m, \ufffdturned"),
    "wordy": (_wordy, "ValueError: word word word"),
    "badly-named": (_badly_named, "Bad ErrorErrorError"),
    "nan": (_nan, "relevance has 30 NaN or infinite of 30 values"),
    "short": (_short, "relevance has 29 values for 30 segments"),
    "huge": (_huge, "relevance is not an array of numbers: int too large to convert to float"),
    "strings": (_strings, "relevance is not an array of numbers: it is of <U3"),
    "masked": (_masked, "relevance has masked values; fill them in first"),
    "false-cost": (_false_cost, "a cost is never negative (calls=-40, forwards=None)"),
    "mutates-audio": (_mutates_audio, "ValueError: cannot set WRITEABLE flag to True"),
    "mutates-design": (_mutates_design, "ValueError: cannot set WRITEABLE flag to True"),
    "mutates-fill": (_mutates_fill, "ValueError: assignment destination is read-only"),
    "mutates-events": (_mutates_events, "FrozenInstanceError: cannot assign to field 'events'"),
}
"""What must stand in the rows of those that fail in place, on every clip."""

SURVIVORS = {
    "litters": _litters,
    "reports-cost": _reports_cost,
    "notes-surrogates": _notes_surrogates,
    "forks": _forks,
    "prints": _prints,
}

_FAILING = {name: function for name, (function, _) in (STOPPED | LIARS).items()}


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """Return the explainers; a decorator would make them known to whoever imports this file."""
    return [
        ExplainerSpec(
            name=name,
            summary="Misbehaves.",
            citation="a test",
            cost="none",
            factory=lambda _, function=function: function,  # type: ignore[misc]
        )
        for name, function in (_FAILING | SURVIVORS).items()
    ]


def _metric_crashes(scoring: Any) -> float:
    """Crashes on explanations of an event after the first two seconds; there is one such clip."""
    if scoring.intervals_s[0, 0] > 1.9:
        ctypes.string_at(0)
    return 0.5


def _metric_text(scoring: Any) -> Any:
    return "0.5"


def _metric_beyond(scoring: Any) -> float:
    return 1.7


def _metric_spoils(scoring: Any) -> float:
    for name in ("labels", "coverage", "order", "relevance"):
        getattr(scoring, name).flags.writeable = True
        getattr(scoring, name)[:] = 0
    return 0.0


def _metric_sets(scoring: Any) -> float:
    scoring.relevance = np.zeros(3)
    return 0.0


def _metric_litters(scoring: Any) -> float:
    np.seterr(all="raise")
    np.random.seed(0)  # noqa: NPY002
    return 0.5


METRICS: dict[str, tuple[Callable[..., Any], str]] = {
    "metric-crashes": (_metric_crashes, "failed: its process ended: signal SIGSEGV"),
    "metric-text": (_metric_text, "failed: the metric returned a str, expected one number"),
    "metric-beyond": (_metric_beyond, "failed: the metric returned 1.7; its declared range is"),
    "metric-spoils": (_metric_spoils, "failed: ValueError: cannot set WRITEABLE flag"),
    "metric-sets": (_metric_sets, "failed: AttributeError: a metric cannot set relevance"),
    "metric-litters": (_metric_litters, ""),
}


@hookimpl
def awb_metrics() -> list[MetricSpec]:
    """Return the metrics."""
    return [
        MetricSpec(
            name=name,
            summary="Misbehaves.",
            citation="a test",
            facts=dataclasses.replace(ALL_FACTS["roc-auc"], name=name),
            factory=lambda _, function=function: function,  # type: ignore[misc]
        )
        for name, (function, _) in METRICS.items()
    ]


class _Crashing:
    """A model that takes its process down when it hears so many clips at once."""

    sample_rate_hz = 16_000
    classes = ("Loud", "Quiet")

    def __init__(self, at_least: int) -> None:
        self._at_least = at_least

    def scores(self, waveforms: Any) -> Any:
        if len(waveforms) >= self._at_least:
            ctypes.string_at(0)
        level = np.sqrt(np.square(waveforms).mean(axis=1))
        return np.stack([level, -level], axis=1).astype(np.float32)


@hookimpl
def awb_models() -> list[ModelSpec]:
    """Return the models: one cannot even hear the clips, the other crashes on masked ones."""
    return [
        ModelSpec(
            name=name,
            summary="Crashes.",
            citation="a test",
            factory=lambda _, at_least=at_least: _Crashing(at_least),  # type: ignore[misc]
        )
        for name, at_least in (("crashes", 1), ("crashes-on-batches", 2))
    ]
