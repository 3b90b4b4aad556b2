"""A dataset of tones, and a network that learns it in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from awb.types import Clip, Event
from awb_plugins.training import Network, Recipe, Task
from awb_plugins.training.examples import Examples, load_examples

RATE_HZ = 1000
TONES_HZ = {"Low": 60.0, "Middle": 150.0, "High": 340.0}
FRAME = 50


class Tones:
    """Clips of one second of faint noise with a tone, by several speakers.

    Parameters
    ----------
    clips : int
        Number of clips.
    groups : int
        Number of speakers; 0 for none.
    seed : int
        Another seed gives other clips.
    several : bool
        Whether every third clip has two classes.
    """

    classes = tuple(TONES_HZ)

    def __init__(
        self, clips: int, *, groups: int = 6, seed: int = 0, several: bool = False
    ) -> None:
        self.clips, self.groups, self.seed, self.several = clips, groups, seed, several

    def clip_ids(self) -> list[str]:
        return [f"tones-{self.seed}-{number}" for number in range(self.clips)]

    def load(self, clip_id: str) -> Clip:
        number = int(clip_id.rpartition("-")[2])
        rng = np.random.default_rng([self.seed, number])
        waveform = 0.03 * rng.standard_normal(RATE_HZ)
        names = [self.classes[number % 3]]
        if self.several and number % 3 == 0:
            names.append("High")
        events = []
        for name in names:
            start = int(rng.integers(RATE_HZ - 300))
            tone = np.sin(2 * np.pi * TONES_HZ[name] * np.arange(300) / RATE_HZ + rng.uniform(0, 6))
            waveform[start : start + 300] += 0.2 * tone
            events.append(Event(start / RATE_HZ, (start + 300) / RATE_HZ, name))
        group = f"speaker {number % self.groups}-{self.seed}" if self.groups else ""
        return Clip(clip_id, waveform.astype(np.float32), RATE_HZ, tuple(events), group=group)


class Spectrum(nn.Module):
    """Frames of 50 samples to the logarithm of their power spectrum."""

    def forward(self, waveforms: Tensor) -> Tensor:
        frames = waveforms[:, : waveforms.shape[1] // FRAME * FRAME].reshape(
            len(waveforms), -1, FRAME
        )
        return torch.log(torch.fft.rfft(frames).abs().square() + 1e-3)


class Peaks(nn.Module):
    """The loudest moment of every bin, and two dense layers to log-odds."""

    def __init__(self, n_classes: int, task: Task) -> None:
        super().__init__()
        self.task = task
        self.hidden = nn.Linear(FRAME // 2 + 1, 16)
        self.head = nn.Linear(16, n_classes)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head(torch.relu(self.hidden(features.amax(dim=1))))
        if self.task == "multi-label":
            return logits
        others = [
            torch.logsumexp(torch.cat([logits[:, :c], logits[:, c + 1 :]], dim=1), dim=1)
            for c in range(logits.shape[1])
        ]
        return logits - torch.stack(others, dim=1)


def recipe(task: Task = "multi-class", **changes: object) -> Recipe:
    settings: dict[str, Any] = {
        "task": task,
        "sample_rate_hz": RATE_HZ,
        "make": lambda n_classes: Network(Spectrum(), Peaks(n_classes, task)),
        "epochs": 12,
        "batch": 8,
        "patience": 12,
        "learning_rate": 0.02,
    }
    return Recipe(**{**settings, **changes})


def examples(dataset: Tones, folder: Path, task: Task = "multi-class") -> Examples:
    path = folder / f"{dataset.seed}-{dataset.clips}-{dataset.groups}.npy"
    return load_examples(dataset, recipe(task), path, lambda done, total: None)
