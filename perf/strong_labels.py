"""Generate a table of strong labels as large as AudioSet's evaluation set.

    python perf/strong_labels.py OUT --names mid_to_display_name.tsv [--seed N]

It has 139,538 rows over 16,996 clips of 10 s: labels with the long-tailed distribution of real
annotations, times with three decimals, and events that overlap, touch, nest or have zero length.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

ROWS, CLIPS = 139_538, 16_996
HEADER = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel"
_LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))


def generate(path: Path, mids: list[str], *, seed: int = 0) -> Path:
    """Write the table.

    Parameters
    ----------
    path : Path
        Output file.
    mids : list of str
        Labels, the most frequent first.
    seed : int
        Seed of all random draws.

    Returns
    -------
    Path
        The table.
    """
    rng = np.random.default_rng(seed)
    videos = ["".join(row) for row in _LETTERS[rng.integers(0, 64, (CLIPS, 11))]]
    starts_ms = rng.integers(0, 500, CLIPS) * 1000
    segments = [f"{video}_{start}" for video, start in zip(videos, starts_ms, strict=True)]
    clip = np.sort(np.concatenate([np.arange(CLIPS), rng.integers(0, CLIPS, ROWS - CLIPS)]))
    weights = 1 / np.arange(1, len(mids) + 1)
    label = rng.choice(len(mids), ROWS, p=weights / weights.sum())
    onset = np.round(rng.uniform(0, 9.5, ROWS), 3)
    length = np.where(rng.random(ROWS) < 0.001, 0, rng.exponential(1.2, ROWS))
    offset = np.round(np.minimum(onset + length, 10.0), 3)
    rows = (
        f"{segments[c]}\t{on:.3f}\t{off:.3f}\t{mids[which]}"
        for c, on, off, which in zip(clip, onset, offset, label, strict=True)
    )
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def main() -> None:
    """Read the command line and generate."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--names", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    lines = given.names.read_text(encoding="utf-8").splitlines()
    generate(given.out, [line.split("\t")[0] for line in lines], seed=given.seed)


if __name__ == "__main__":
    main()
