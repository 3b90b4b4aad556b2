"""What awb adds to each clip of a run: storing results, sending plans, finding out what is left."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from subjects import Ratio, side_by_side

from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.run import resume, run
from awb.harness.storage.store import Store
from awb.harness.unit.record import OK, ExplainerResult, UnitResult
from awb.plugins.session import add_file
from awb.types import Cost

_SCORES = {f"metric-{number}": (0.5, "") for number in range(70)}
MANY_CLIPS = Path(__file__).with_name("many_clips.py")


def _unit(number: int) -> UnitResult:
    row = ExplainerResult("energy", OK, "", np.zeros(10), Cost(1, 1.0, 0.1), _SCORES)
    return UnitResult(f"{number:064d}", f"clip-{number}", "hum", (row,))


def storing(n_units: int = 200, *, rounds: int = 3) -> Ratio:
    """Store units on the connection that a run keeps, and on one for each of them.

    Closing the last connection to a file makes the disk write, so this is wall-clock time.
    """
    with tempfile.TemporaryDirectory() as folder:
        number = iter(range(10**9))

        def fill(*, kept: bool) -> None:
            store = Store(Path(folder) / f"{next(number)}.sqlite")
            if kept:
                with store.kept_open():
                    for unit in range(n_units):
                        store.add("d", "m", _unit(unit))
            else:
                for unit in range(n_units):
                    store.add("d", "m", _unit(unit))

        ours, theirs = side_by_side(
            lambda: fill(kept=True),
            lambda: fill(kept=False),
            rounds=rounds,
            clock=time.perf_counter,
        )
    what = f"{n_units} units of 70 scores stored on one connection against one for each"
    return Ratio(what, ours, theirs, "at least 5", note="wall-clock time")


def resuming(n_clips: int = 200, *, rounds: int = 3) -> Ratio:
    """Resume a finished run of small clips, against running it, in this process."""
    add_file(MANY_CLIPS)
    config = make_config(
        datasets=[f"many-clips:clips={n_clips}"], models=["first-samples"], explainers=["energy"],
        baselines=False, robustness=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        number = iter(range(10**9))
        done = run(config, Path(folder) / "done", Resources(jobs=1)).path
        ours, theirs = side_by_side(
            lambda: resume(done),
            lambda: run(config, Path(folder) / str(next(number)), Resources(jobs=1)),
            rounds=rounds,
        )
    what = f"a finished run of {n_clips} clips of 1 s resumed against run, `energy` and all metrics"
    return Ratio(what, ours, theirs, "at least 10")
