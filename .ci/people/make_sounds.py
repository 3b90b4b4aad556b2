"""Make a folder of sounds with a table of events: what a researcher has before meeting awb."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ, LENGTH_S, EVENT_S = 16_000, 5, 0.6
TONES = {"Whistle": 2_000, "Hum": 250}

folder = Path(sys.argv[1])
(folder / "audio").mkdir(parents=True)
rng = np.random.default_rng(0)
time_s = np.arange(LENGTH_S * RATE_HZ) / RATE_HZ
rows = ["filename\tonset\toffset\tevent_label"]
for number in range(3):
    audio = 0.01 * rng.standard_normal(time_s.size)
    for part, (label, tone_hz) in enumerate(TONES.items()):
        onset_s = round(0.2 + 2.5 * part + float(rng.uniform(0, 1.5)), 2)
        inside = (time_s >= onset_s) & (time_s < onset_s + EVENT_S)
        audio += 0.2 * np.sin(2 * np.pi * tone_hz * time_s) * inside
        rows.append(f"{number}.wav\t{onset_s}\t{onset_s + EVENT_S:.2f}\t{label}")
    soundfile.write(folder / "audio" / f"{number}.wav", audio, RATE_HZ)
(folder / "events.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
