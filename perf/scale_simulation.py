"""Simulate a large run: synthetic units on a real Dask cluster of this machine, with deaths.

    python perf/scale_simulation.py [--units 10000] [--workers 2] [--deaths 20]

Real: awb's executor for clusters, Dask's scheduler, workers with a process for plugins in each, the
clip in every task, results of the size that 20 explainers and all metrics give, and the store.
Simulated: the explaining, which is a wait of a drawn length. Deaths are SIGKILL in mid-unit, every
other one of the process that runs plugins, and of the Dask worker around it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from awb.harness.config.limits import make_limits
from awb.harness.storage.store import Store
from awb.harness.unit.record import ExplainerResult, UnitResult
from awb.harness.workers.cluster import open_cluster
from awb.harness.workers.executor import Executor
from awb.randomness import RandomKey
from awb.types import AudioArray, Cost

SAMPLES, CELLS, EXPLAINERS, METRICS = 160_000, 100, 20, 60
CURVES = ("deletion", "insertion")


@dataclass(frozen=True, slots=True)
class Task:
    """A unit as large as a real one.

    Attributes
    ----------
    number : int
        Which one; its results depend on nothing else.
    waveform : np.ndarray, shape=(160_000,), dtype=float32
        The clip.
    seconds : float
        How long it takes.
    dies : str
        ``plugin`` or ``worker`` for the process that is killed the first time; empty for none.
    marker : Path
        File that says that it has died.
    """

    number: int
    waveform: AudioArray
    seconds: float
    dies: str
    marker: Path


def pretend(task: Task) -> UnitResult:
    """Wait as long as the unit takes, die if it is to, and return results that look real."""
    time.sleep(task.seconds)
    if task.dies and not task.marker.exists():
        task.marker.touch()
        os.kill(os.getppid() if task.dies == "worker" else os.getpid(), signal.SIGKILL)
        time.sleep(60)  # until the watch on the parent ends this process, too
    rng = RandomKey((task.number,)).generator("results")
    rows = [_row(f"explainer-{index}", rng) for index in range(EXPLAINERS)]
    return UnitResult(f"{task.number:064d}", f"clip-{task.number:06d}", "Target", tuple(rows))


def _row(name: str, rng: np.random.Generator) -> ExplainerResult:
    values = rng.random(METRICS).tolist()
    return ExplainerResult(
        name,
        "ok",
        relevance=rng.standard_normal(CELLS),
        cost=Cost(calls=3000, forwards=3000.0, seconds=0.0),
        scores={f"metric-{index}": (value, "") for index, value in enumerate(values)},
        curves={kind: rng.random(CELLS + 1) for kind in CURVES},
    )


def tasks(units: int, deaths: int, mean_s: float, folder: Path) -> Iterator[Task]:
    """Draw the units; their lengths are exponential, their deaths evenly spread."""
    rng = np.random.default_rng(0)
    waveform = (0.1 * rng.standard_normal(SAMPLES)).astype(np.float32)
    dying = {int((turn + 0.5) * units / deaths): turn for turn in range(deaths)}
    for number in range(units):
        kind = ("plugin", "worker")[dying[number] % 2] if number in dying else ""
        yield Task(
            number, waveform, float(rng.exponential(mean_s)), kind, folder / f"{number}.died"
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """What a simulation took.

    Attributes
    ----------
    units, workers, deaths : int
        Its size.
    wall_s : float
        From the first task to the last result.
    waited_s : float
        The sum of the units' own seconds.
    main_s : float
        Processor time of the main process, with the scheduler and without the store.
    store_s : float
        Processor time of the store.
    """

    units: int
    workers: int
    deaths: int
    wall_s: float
    waited_s: float
    main_s: float
    store_s: float

    @property
    def busy_s(self) -> float:
        """Processor time per unit of the main process, which all workers share."""
        return (self.main_s + self.store_s) / self.units

    @property
    def gap_s(self) -> float:
        """Time per unit during which its worker did not work on it."""
        return max(0.0, self.wall_s * self.workers - self.waited_s) / self.units


def simulate(executor: Executor, given: Iterator[Task], store: Store, workers: int) -> Measured:
    """Run the tasks and store their results."""
    store_s = waited_s = 0.0
    units = deaths = 0
    started, started_s = time.perf_counter(), time.process_time()
    for task, result in executor.map(pretend, given):
        if isinstance(result, Exception):
            raise result
        before_s = time.thread_time()
        store.add("synthetic", "synthetic", result)
        store_s += time.thread_time() - before_s
        waited_s += task.seconds
        units, deaths = units + 1, deaths + bool(task.dies)
    main_s = time.process_time() - started_s - store_s
    wall_s = time.perf_counter() - started
    return Measured(units, workers, deaths, wall_s, waited_s, main_s, store_s)


def predicted_h(
    found: Measured, instances: int, unit_s: float, workers: int
) -> tuple[float, float]:
    """Predict hours on so many workers: with the measured overheads, and if there were none.

    The workers share one main process, which cannot serve more than ``1 / busy_s`` units a second.
    """
    ideal_s = instances * unit_s / workers
    loaded_s = max(instances * (unit_s + found.gap_s) / workers, instances * found.busy_s)
    return loaded_s / 3600, ideal_s / 3600


def report(found: Measured, instances: int, unit_s: float, workers: int) -> str:
    """Write the numbers as lines of markdown."""
    loaded_h, ideal_h = predicted_h(found, instances, unit_s, workers)
    per_unit = 1e3 / found.units
    busy = instances * found.busy_s / 36 / loaded_h
    return (
        f"- simulated: {found.units:,} units, {found.workers} workers, {found.deaths} deaths,"
        f" {found.wall_s:.0f} s; {found.units / found.wall_s:.0f} units per second\n"
        f"- main process with the scheduler: {found.main_s * per_unit:.1f} ms per unit; store:"
        f" {found.store_s * per_unit:.1f} ms per unit; together at most"
        f" {1 / found.busy_s:.0f} units per second, however many workers there are\n"
        f"- a worker's time per unit that is not the unit's: {1e3 * found.gap_s:.1f} ms\n"
        f"- predicted for {instances:,} units of {unit_s:.1f} s on {workers} workers:"
        f" {loaded_h:.3f} h, of which {loaded_h - ideal_h:.4f} h are overhead; the main process"
        f" is busy for {busy:.1f} % of it"
    )


def main() -> None:
    """Read the command line, simulate, print."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--deaths", type=int, default=20)
    parser.add_argument("--mean-ms", type=float, default=5.0, help="of a simulated unit")
    parser.add_argument("--instances", type=int, default=16_996, help="to predict")
    parser.add_argument("--unit-s", type=float, default=25.7, help="seconds of a unit on a GPU")
    parser.add_argument("--gpus", type=int, default=64)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = tasks(given.units, given.deaths, given.mean_ms / 1e3, folder)
        with open_cluster(f"local:{given.workers}", make_limits()) as executor:
            found = simulate(executor, made, Store(folder / "results.sqlite"), given.workers)
    sys.stdout.write(f"{report(found, given.instances, given.unit_s, given.gpus)}\n")


if __name__ == "__main__":
    import scale_simulation  # workers find the tasks by this name

    scale_simulation.main()
