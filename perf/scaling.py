"""Workers and memory: does a second worker halve the time, and do more clips need more memory?"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from functools import partial
from pathlib import Path

from subjects import FreeModel, Ratio, make_instance, make_perturber

from awb.harness.unit.process_state import one_thread
from awb.harness.unit.warm_plugins import warm_model
from awb.harness.workers.processes import Processes
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve

_TASKS, _MASKS = 8, 200


def explain_clip(seed: int, samples: int = _MASKS) -> float:
    """Score the shared design of a clip with the embedded model, in a warm worker."""
    model = warm_model(resolve(load(), "model", "soundscape-cnn"))
    with one_thread():
        perturber = make_perturber(model, samples=samples, instance=make_instance(seed))
        return float(perturber.pool().scores.mean())


def two_workers(*, rounds: int = 3) -> list[Ratio]:
    """Time the same clips on one and on two warm workers, alternating, in wall-clock time.

    A bare `multiprocessing.Pool` does the same for comparison: its gain from a second process is
    what the machine could provide at that moment.
    """

    def by_awb(workers: Processes) -> None:
        for _, result in workers.map(explain_clip, range(_TASKS)):
            if isinstance(result, Exception):
                raise result

    context = multiprocessing.get_context("spawn")
    taken: dict[str, list[float]] = {}
    with Processes(2) as two, Processes(1) as one, context.Pool(2) as pair, context.Pool(1) as lone:
        ways = {
            "two": partial(by_awb, two),
            "one": partial(by_awb, one),
            "pair": partial(pair.map, explain_clip, range(_TASKS), chunksize=1),
            "lone": partial(lone.map, explain_clip, range(_TASKS), chunksize=1),
        }
        for turn in range(rounds + 1):
            for name, way in ways.items():
                started = time.perf_counter()
                way()
                if turn:
                    taken.setdefault(name, []).append(time.perf_counter() - started)
    clock = {name: statistics.median(times) for name, times in taken.items()}
    note = "wall-clock time"
    return [
        Ratio("8 clips over 2 workers of awb against 1", clock["two"], clock["one"], "", note=note),
        Ratio(
            "the same with bare processes, for comparison",
            clock["pair"],
            clock["lone"],
            "",
            note=note,
        ),
    ]


def _peak_mb(n_clips: int, samples: int, embedded: bool, answer: object) -> None:
    """Explain clips one after another and send back the peak memory of this process."""
    for seed in range(n_clips):
        if embedded:
            explain_clip(seed, samples)
        else:
            perturber = make_perturber(
                FreeModel(527), samples=samples, instance=make_instance(seed)
            )
            perturber.pool()
    answer.send(_own_peak_mb())  # type: ignore[attr-defined]


def _own_peak_mb() -> float:
    """Read this program's peak; ``ru_maxrss`` would include the process it was forked from."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peak) / 1024


def memory(n_clips: int, *, samples: int = 3000, embedded: bool = False) -> float:
    """Return the peak memory of a separate process in MB."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    work = partial(_peak_mb, n_clips, samples, embedded, there)
    process = context.Process(target=work)
    process.start()
    found = float(here.recv())
    process.join()
    return found


def memory_of_more_clips() -> list[Ratio]:
    """Compare the memory of few clips with that of many; the ratio should be 1."""
    cases = (
        ("a free model, 3,000 masks, 30 clips against 3", 3, 30, 3000, False),
        ("the embedded model, 500 masks, 8 clips against 2", 2, 8, 500, True),
    )
    return [
        Ratio(
            f"memory: {name}",
            memory(few, samples=samples, embedded=embedded),
            memory(many, samples=samples, embedded=embedded),
            "1; below 2,000",
            "MB",
            "peak memory of a separate process; few clips on the left",
        )
        for name, few, many, samples, embedded in cases
    ]
