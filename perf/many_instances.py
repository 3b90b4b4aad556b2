"""Memory and time of a run's main process with very many instances, whose results are made up.

    python perf/many_instances.py [--instances 1000,10000,100000] [--explainers N] [--classes N]

Clips, selection, units, store and board are the real ones; only what workers compute (explanations
and scores, by default of one explainer) is drawn, so that a hundred thousand instances take
minutes. Each number of instances has a process of its own; what is told is its peak memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from own_cost import MANY_CLIPS

from awb.harness import run as runner
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.unit.record import OK, ExplainerResult, UnitResult
from awb.harness.unit.task import explain_unit
from awb.harness.workers.executor import unchanged
from awb.leaderboard.boards.construction import boards
from awb.plugins.discovery import load
from awb.plugins.session import add_file
from awb.types import Cost


class MadeUp:
    """An executor that draws the results of units and does everything else in this process."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)

    def map(
        self,
        function: Callable[[Any], Any],
        tasks: Iterable[Any],
        revise: Callable[[Any], Any] = unchanged,  # noqa: ARG002 - nothing is drawn ahead
        apart: Any = None,  # noqa: ARG002 - no explainer is foreign
    ) -> Iterator[tuple[Any, Any]]:
        """Yield tasks and results, in order."""
        for task in tasks:
            yield task, self._result(task) if function is explain_unit else function(task)

    def machines(self) -> list[dict[str, Any]]:
        """Return none."""
        return []

    def _result(self, unit: Any) -> UnitResult:
        rows = tuple(
            ExplainerResult(
                explainer.label, OK, "", self._rng.random(10), Cost(1, 1.0, 0.1),
                {one.label: (float(self._rng.random()), "") for one in unit.plan.metrics},
            )
            for explainer in unit.plan.explainers
        )  # fmt: skip
        return UnitResult(unit.key, unit.instance.clip.id, unit.instance.target, rows)


def _open(*_: Any, **__: Any) -> AbstractContextManager[MadeUp]:
    return nullcontext(MadeUp())


def measured(count: int, n_explainers: int = 1, n_classes: int = 1) -> dict[str, float]:
    """Run in this process; return seconds per instance, and megabytes before and after boards."""
    add_file(MANY_CLIPS)
    runner.open_executor = _open  # type: ignore[assignment]
    others = [f"run-correlation:samples={100 + n}" for n in range(1, n_explainers)]
    config = make_config(
        datasets=[f"many-clips:clips={count},classes={n_classes}"],
        models=[f"first-samples:classes={n_classes}"],
        explainers=["energy", *others],
        baselines=False,
        robustness=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        done = runner.run(config, Path(folder) / "run", Resources(jobs=1))
        each_ms = 1000 * (time.process_time() - started) / count
        run_mb = _peak_mb()
        started = time.process_time()
        boards(done, load())
        return {
            "ms_each": each_ms,
            "run_mb": run_mb,
            "board_s": time.process_time() - started,
            "board_mb": _peak_mb(),
        }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure each number of instances, and write a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--instances", default="1000,10000,100000")
    options.add_argument("--explainers", type=int, default=1)
    options.add_argument("--classes", type=int, default=1)
    options.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        sys.stdout.write(json.dumps(measured(given.one, given.explainers, given.classes)))
        return
    sys.stdout.write("| instances | ms each | MB | board, s | MB |\n|" + " ---: |" * 5 + "\n")
    for count in given.instances.split(","):
        command = [sys.executable, __file__, "--one", count]
        command += ["--explainers", str(given.explainers), "--classes", str(given.classes)]
        found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        sys.stdout.write(
            f"| {int(count):,} | {found['ms_each']:.1f} | {found['run_mb']:.0f}"
            f" | {found['board_s']:.1f} | {found['board_mb']:.0f} |\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
