"""Measure every ratio and write the table of docs/performance.md.

    python perf/table.py [--rounds N] [--output docs/performance.md] [--only WORD]

It takes about half an hour, most of it for the default run. Each ratio comes from one process in
which both sides alternate (the default run: from one process each); processor time is compared, so
that other work on the machine has little effect. Lines that need packages that are not installed,
or the real YAMNet (AWB_TEST_DATA), are skipped and named.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import default_run
import instances
import libraries
import overheads
import own_cost
import reuse
import scaling
from subjects import Ratio

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- table: begin, by make bench -->", "<!-- table: end -->"


def measurements(rounds: int) -> Iterator[tuple[str, Callable[[], Ratio | list[Ratio]]]]:
    """List all measurements."""
    yield "patches", reuse.patch_evaluations
    yield "instance patches", instances.patches
    yield "moments", partial(instances.by_moments, rounds=rounds)
    yield "module", instances.found_in_a_module
    yield "default run", default_run.against_the_first_version
    yield "yamnet", reuse.yamnet_end_to_end
    yield "ast", partial(reuse.ast_features, rounds=rounds)
    yield "bare", partial(overheads.against_a_bare_loop, rounds=rounds)
    for case in overheads.CASES:
        yield case, partial(overheads.against_the_published, case, rounds=rounds)
    for case in libraries.CASES:
        yield case, partial(libraries.against, case, rounds=rounds)
    yield "storing", partial(own_cost.storing, rounds=rounds)
    yield "resuming", partial(own_cost.resuming, rounds=rounds)
    yield "workers", partial(scaling.two_workers, rounds=rounds)
    yield "memory", scaling.memory_of_more_clips


def figure(value: float) -> str:
    """Format a number with three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def row(one: Ratio) -> str:
    """Format a line of the table."""
    cells = (
        one.what,
        f"{figure(one.ours)} {one.unit}",
        f"{figure(one.theirs)} {one.unit}",
        f"**{figure(one.ratio)}**",
        one.expected,
        one.note,
    )
    return f"| {' | '.join(cells)} |"


def table(rounds: int, only: str) -> str:
    """Measure and write the table, reporting each line as it is done."""
    lines = [
        "| work | awb | alternative | ratio | expected | |",
        "| --- | ---: | ---: | ---: | --- | --- |",
    ]
    missing: list[str] = []
    for name, measure in measurements(rounds):
        if only not in name:
            continue
        try:
            found = measure()
        except (ImportError, FileNotFoundError) as error:
            missing.append(f"{name} ({error})")
            continue
        for one in found if isinstance(found, list) else [found]:
            lines.append(row(one))
            sys.stderr.write(f"{lines[-1]}\n")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines += ["", f"{platform.machine()}, {cores} cores, one thread per process, {rounds} rounds."]
    if missing:
        lines += ["", f"Not measured here: {'; '.join(missing)}."]
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="only measurements with this word in the name")
    parser.add_argument("--output", type=Path, help="page between whose markers the table goes")
    given = parser.parse_args()
    warnings.simplefilter("ignore", UserWarning)
    written = table(given.rounds, given.only)
    if given.output is None:
        sys.stdout.write(f"{written}\n")
        return
    before, _, rest = given.output.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page = f"{before}{BEGIN}\n\n{written}\n\n{END}{after}"
    given.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
