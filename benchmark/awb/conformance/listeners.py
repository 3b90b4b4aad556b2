"""Models that detect known sounds and have every capability, for tests of explainers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from awb.intervals import FloatArray
from awb.protocols import ScoreArray
from awb.types import AudioArray, Clip

RATE_HZ, CELL, FRAME, BINS, TOKEN = 1000, 100, 20, 4, 50
PATTERN, THRESHOLD = (1.0, 1.0, -0.5, -0.5), 1.5
ALONE = 0.375
"""Activation of the network for a sound of 3 segments in a clip of 20."""
_LOUD, _LOUDEST = 0.5 * 2**0.5, 0.98


class FrameEnergy(nn.Module):
    """Frames of 20 samples, in four parts: four times the power of each part."""

    def forward(self, waveforms: Tensor) -> Tensor:
        """Turn ``(batch, samples)`` into ``(batch, frames, 4)``."""
        padded = nn.functional.pad(waveforms, (0, -waveforms.shape[1] % FRAME))
        parts = padded.reshape(len(waveforms), -1, BINS, FRAME // BINS)
        return 4.0 * parts.square().mean(dim=3)


class PatternNet(nn.Module):
    """Detects frames whose first half is louder than the second, and averages over time."""

    def __init__(self, together: float = 0.0) -> None:
        super().__init__()
        self.rows = 0
        self.conv = nn.Conv2d(1, 2, (1, BINS))
        self.relu = nn.ReLU()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dense = nn.Linear(2, 2)
        pattern = torch.tensor(PATTERN)
        with torch.no_grad():
            self.conv.weight.copy_(torch.stack([pattern, -pattern])[:, None, None, :])
            self.conv.bias.fill_(-THRESHOLD)  # type: ignore[union-attr]
            self.dense.weight.copy_(torch.tensor([[10.0, -1.0], [-10.0, 1.0]]))
            self.dense.bias.copy_(torch.tensor([-4.0, 4.0]))
        self.beyond: nn.Module | None = _beyond(together) if together else None

    def forward(self, features: Tensor) -> Tensor:
        """Turn ``(batch, frames, 4)`` into log-odds ``(batch, 2)``."""
        self.rows += len(features)
        hidden = self.squeeze(self.relu(self.conv(features[:, None])))
        heard = self.flatten(hidden)
        scores: Tensor = self.dense(heard)
        return scores if self.beyond is None else scores + self.beyond(heard)


def _beyond(together: float) -> nn.Module:
    """Make the part of the network that responds to more than one sound."""
    first, last = nn.Linear(2, 1), nn.Linear(1, 2, bias=False)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[1.0, 0.0]]))
        first.bias.fill_(-ALONE)
        last.weight.copy_(torch.tensor([[together], [-together]]))
    return nn.Sequential(first, nn.ReLU(), last)


class Listener:
    """A model with every capability that detects one sound at any position."""

    sample_rate_hz = RATE_HZ
    classes: Sequence[str] = ("Target", "Other")
    last_convolution = "conv"

    def __init__(self, together: float = 0.0) -> None:
        self.front_end: nn.Module = FrameEnergy()
        with torch.random.fork_rng(devices=[]):
            self.back_end: nn.Module = PatternNet(together).eval()

    @property
    def rows(self) -> int:
        """Number of clips that went through its back end so far."""
        return int(getattr(self.back_end, "rows", 0))

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms; see `awb.protocols.AudioModel`."""
        with torch.no_grad():
            features = self.front_end(torch.tensor(np.asarray(waveforms)))
            return np.asarray(self.back_end(features).numpy())

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centres of frames in seconds."""
        return (np.arange(n_frames) + 0.5) * FRAME / RATE_HZ

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return made-up centres of bins in Hz."""
        return (np.arange(n_bins) + 0.5) * RATE_HZ / 2 / n_bins

    def token_spans_s(self, n_samples: int) -> FloatArray:
        """Return one special token and those of 50 ms each."""
        starts = np.arange(0, n_samples, TOKEN) / RATE_HZ
        spans = np.stack([starts, starts + TOKEN / RATE_HZ], axis=1)
        return np.concatenate([[[np.nan, np.nan]], spans])

    def attentions(self, waveform: AudioArray) -> list[ScoreArray]:
        """Attend to the frames with the sound: one layer, one head."""
        with torch.no_grad():
            features = self.front_end(torch.tensor(np.array(waveform)[None]))[0].numpy()
        heard = np.maximum(features @ np.array(PATTERN) - THRESHOLD, 0.0)
        n_tokens = len(self.token_spans_s(waveform.size)) - 1
        frames_s = self.frame_centers_s(len(heard))
        token = np.minimum((frames_s * RATE_HZ / TOKEN).astype(int), n_tokens - 1)
        weights = np.bincount(token, weights=heard, minlength=n_tokens) + 0.01
        row = np.concatenate([[0.0], weights / weights.sum()])
        return [np.tile(row, (1, n_tokens + 1, 1)).astype(np.float32)]


class Constant(Listener):
    """A model with constant scores."""

    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            for parameter in self.back_end.parameters():
                parameter.zero_()


class Certain(Constant):
    """A model with infinite scores, whose sign depends on the first segment."""

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Return infinite log-odds."""
        sure = np.where(np.abs(waveforms[:, :CELL]).max(axis=1) > 0, np.inf, -np.inf)
        return np.stack([sure, -sure], axis=1).astype(np.float32)


def clip_with(
    first: int,
    length: int,
    n_segments: int,
    *,
    again: int | None = None,
    distractor: int | None = None,
    clip_id: str = "planted",
) -> Clip:
    """Synthesize noise in which some segments contain the sound, all equally loud."""
    signs = np.random.default_rng(first).choice([-1.0, 1.0], size=(n_segments, CELL))
    level = np.full((n_segments, CELL), 0.5)
    sound = np.tile(np.repeat([_LOUD, 0.0], FRAME // 2), CELL // FRAME)
    level[first : first + length] = sound
    if again is not None:
        level[again : again + length] = sound
    if distractor is not None:
        level[distractor : distractor + 6] = _LOUDEST * (sound == 0.0)
    return Clip(clip_id, (signs * level).reshape(-1).astype(np.float32), RATE_HZ)
