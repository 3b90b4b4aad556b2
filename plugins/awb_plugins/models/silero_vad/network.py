"""The network in two halves: magnitudes of short spectra, and convolutions with an LSTM on them.

Conventions
-----------
The network hears a clip in steps of 512 samples, each together with the 64 before it, and gives one
number a step. The end of a step is mirrored, so that four spectra of 256 samples, 128 apart, stand
for it: the fourth hears nothing of the next step. Only the LSTM remembers earlier steps.

References
----------
Silero Team (2024). Silero VAD. https://github.com/snakers4/silero-vad (src/silero_vad)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SAMPLE_RATE_HZ = 16_000
STEP_SAMPLES, CONTEXT_SAMPLES = 512, 64
WINDOW_SAMPLES, HOP_SAMPLES = 256, 128
FRAMES = STEP_SAMPLES // HOP_SAMPLES
BINS = WINDOW_SAMPLES // 2 + 1
HIDDEN = 128
LAST_CONVOLUTION = "convolutions.3"


def steps_of(n_samples: int) -> int:
    """Count the steps of a clip; zeros follow where the last one is not full."""
    return -(-n_samples // STEP_SAMPLES)


class Spectra(nn.Module):
    """Waveforms ``(batch, samples)`` to magnitudes ``(batch, 4 * steps, 129)``.

    Attributes
    ----------
    basis : torch.Tensor, shape=(256, 258)
        Windowed cosines, then windowed sines.
    """

    basis: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("basis", torch.zeros(WINDOW_SAMPLES, 2 * BINS))

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute the features."""
        missing = steps_of(waveforms.shape[-1]) * STEP_SAMPLES - waveforms.shape[-1]
        padded = functional.pad(waveforms, (CONTEXT_SAMPLES, missing))
        steps = padded.unfold(-1, CONTEXT_SAMPLES + STEP_SAMPLES, STEP_SAMPLES)
        mirrored = functional.pad(steps, (0, CONTEXT_SAMPLES), mode="reflect")
        parts = mirrored.unfold(-1, WINDOW_SAMPLES, HOP_SAMPLES) @ self.basis
        magnitudes = (parts[..., :BINS].square() + parts[..., BINS:].square()).sqrt()
        return magnitudes.flatten(1, 2)


class Detector(nn.Module):
    """Magnitudes to the log-odds of speech, ``(batch, 1)``: those of the likeliest step."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            [
                nn.Conv1d(BINS, HIDDEN, 3, padding=1),
                nn.Conv1d(HIDDEN, 64, 3, stride=2, padding=1),
                nn.Conv1d(64, 64, 3, stride=2, padding=1),
                nn.Conv1d(64, HIDDEN, 1),  # of 3, whose outer taps meet padding alone
            ]
        )
        self.lstm = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
        self.output = nn.Linear(HIDDEN, 1)

    def moments(self, magnitudes: Tensor) -> Tensor:
        """Judge each step by itself: ``(batch, steps, 128)``."""
        hidden = magnitudes.reshape(-1, FRAMES, BINS).transpose(1, 2)
        for convolution in self.convolutions[:3]:
            hidden = torch.relu(convolution(hidden))
        by_clip = hidden.reshape(len(magnitudes), -1, hidden.shape[1]).transpose(1, 2)
        return torch.relu(self.convolutions[3](by_clip)).transpose(1, 2)

    def steps(self, moments: Tensor) -> Tensor:
        """Return the log-odds of every step, ``(batch, steps, 1)``."""
        hidden, _ = self.lstm(moments)
        found: Tensor = self.output(torch.relu(hidden))
        return found

    def combined(self, moments: Tensor) -> Tensor:
        """Return the log-odds of clips, ``(batch, 1)``."""
        return self.steps(moments).amax(1)

    def forward(self, magnitudes: Tensor) -> Tensor:
        """Score clips."""
        return self.combined(self.moments(magnitudes))
