"""A small folder dataset for the model ``loudness`` of the test plugin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16_000


def write_clip(path: Path, onsets_s: list[float], *, seconds: float = 3.0, seed: int = 0) -> None:
    """Write quiet noise with a burst of 0.4 s at each onset."""
    rng = np.random.default_rng(seed)
    waveform = 0.01 * rng.standard_normal(int(seconds * RATE_HZ))
    for onset_s in onsets_s:
        start = int(onset_s * RATE_HZ)
        waveform[start : start + int(0.4 * RATE_HZ)] += 0.25 * rng.standard_normal(
            int(0.4 * RATE_HZ)
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.clip(waveform, -1, 1).astype(np.float32), RATE_HZ)


def build(folder: Path, n_clips: int = 3) -> Path:
    """Write a folder dataset with one event of the class "Loud" a clip."""
    lines = ["filename\tonset\toffset\tevent_label"]
    for index in range(n_clips):
        onset_s = 0.3 + 0.7 * index % 2.2
        write_clip(folder / "audio" / f"clip-{index}.wav", [onset_s], seed=index)
        lines.append(f"clip-{index}.wav\t{onset_s:.3f}\t{onset_s + 0.4:.3f}\tLoud")
    (folder / "events.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
