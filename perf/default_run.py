"""The default run of the first version against today's, at the same instances.

The first version explained two instances again with as many masks as the others and shared no part
of masked clips. Both are still to be had: ``--robustness 2 --robustness-samples N`` and
``AWB_REUSE=off``. So one row says what was left out and what is reused, together, and the next what
reuse alone saves. Explainers and metrics are today's on both sides.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from subjects import Ratio

CLIPS, MASKS = 2, 300


def _processor_s(*options: str, reuse: str) -> float:
    """Run ``awb run`` in a process of its own and return its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with TemporaryDirectory() as folder:
        words = [
            *(sys.executable, "-m", "awb", "run", "--datasets", f"soundscapes:clips={CLIPS}"),
            *("--samples", str(MASKS), "--jobs", "1", "--no-isolate", "--cache", "off"),
            *("--out", str(Path(folder) / "run"), *options),
        ]
        subprocess.run(
            words, check=True, capture_output=True, env={**os.environ, "AWB_REUSE": reuse}
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def against_the_first_version() -> list[Ratio]:
    """Time the run as it is, without reuse, and without reuse but with robustness."""
    now = _processor_s(reuse="on")
    plain = _processor_s(reuse="off")
    again = ("--robustness", "2", "--robustness-samples", str(MASKS))
    first = _processor_s(*again, reuse="off")
    what = f"a run of all explainers and metrics, {CLIPS} scenes, {MASKS:,} masks"
    return [
        Ratio(
            f"{what}: against the first version's way", now, first, "at least 5",
            note="nothing shared, and two instances explained again, which is now asked for",
        ),
        Ratio(f"{what}: reuse alone", now, plain, "", note="robustness in neither"),
    ]  # fmt: skip
