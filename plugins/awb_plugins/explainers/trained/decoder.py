"""The decoder of L-MAC: from what a classifier computes to a mask of what it listens to.

The mask lies on the classifier's own features (frames by bins). It is carried over to a short-time
Fourier transform of the clip, which keeps the mixture's phase, and inverted: what it keeps can be
heard, by people and by the classifier.

References
----------
Paissan, F., Ravanelli, M., & Subakan, C. (2024). Listenable maps for audio classifiers. ICML.
arXiv:2403.13086
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from awb.intervals import FloatArray
from awb.protocols import SpectrogramModel

WIDTH = 16
COARSE = 4
_WINDOW_S = 0.032


class Decoder(nn.Module):
    """Features and the last convolution's maps to one mask a class.

    Attributes
    ----------
    bin_mean, bin_scale : torch.Tensor, shape=(bins,)
        Fixed shift and scale of the features.
    """

    bin_mean: Tensor
    bin_scale: Tensor

    def __init__(self, n_bins: int, n_channels: int, n_classes: int) -> None:
        super().__init__()
        self.register_buffer("bin_mean", torch.zeros(n_bins))
        self.register_buffer("bin_scale", torch.ones(n_bins))
        self.fine = nn.Conv2d(1, WIDTH // 2, 3, padding=1)
        self.coarse = nn.Conv2d(WIDTH // 2, WIDTH, COARSE, stride=COARSE)
        self.hidden = nn.Conv2d(n_channels, WIDTH, 1)
        self.gate = nn.Embedding(n_classes, 2 * WIDTH)
        self.first = nn.Conv2d(2 * WIDTH, WIDTH, 3, padding=1)
        self.second = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.last = nn.Conv2d(WIDTH + WIDTH // 2, 1, 3, padding=1)

    def forward(self, features: Tensor, hidden: Tensor, columns: Tensor) -> Tensor:
        """Compute masks ``(batch, frames, bins)`` in (0, 1) for one class a clip."""
        frames, bins = features.shape[1:]
        scaled = ((features - self.bin_mean) * self.bin_scale)[:, None]
        fine = torch.relu(self.fine(scaled))
        rest = (0, -bins % COARSE, 0, -frames % COARSE)
        coarse = torch.relu(self.coarse(nn.functional.pad(fine, rest)))
        maps = self.hidden(hidden if hidden.ndim == 4 else hidden[..., None])
        maps = nn.functional.interpolate(maps, coarse.shape[-2:], mode="bilinear")
        joined = torch.cat([coarse, torch.tanh(maps)], dim=1)
        joined = joined * self.gate(columns)[:, :, None, None]
        joined = torch.relu(self.second(torch.relu(self.first(joined))))
        spread = nn.functional.interpolate(joined, scale_factor=COARSE, mode="bilinear")
        both = torch.cat([spread[..., :frames, :bins], fine], dim=1)
        return torch.sigmoid(self.last(both))[:, 0]


def from_state(state: dict[str, Any]) -> Decoder:
    """Make a decoder of the size of its weights."""
    return Decoder(
        len(state["bin_mean"]), state["hidden.weight"].shape[1], len(state["gate.weight"])
    )


class Encoded:
    """Runs a classifier on waveforms, and keeps its features and its last convolution's maps."""

    def __init__(self, model: SpectrogramModel) -> None:
        self._model = model
        self.device = next((one.device for one in model.back_end.parameters()), torch.device("cpu"))

    def __call__(self, waveforms: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return features, maps and scores."""
        layer = self._model.back_end.get_submodule(self._model.last_convolution)
        kept: list[Tensor] = []
        handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
        try:
            features = self._model.front_end(waveforms)
            scores = self._model.back_end(features)
        finally:
            handle.remove()
        return features, kept[-1], scores


class MaskedAudio:
    """Turns masks of features into audio, so that gradients pass.

    The interpolation is that of `awb_plugins.explainers.spectrogram.resynthesis`, as two matrices.
    """

    def __init__(self, model: SpectrogramModel, n_samples: int, n_frames: int, n_bins: int) -> None:
        rate = model.sample_rate_hz
        self._length = max(4, min(round(_WINDOW_S * rate), n_samples) // 4 * 4)
        self._hop = self._length // 4
        self._window = torch.hann_window(self._length)
        times = np.arange(n_samples // self._hop + 1) * self._hop / rate
        frequencies = np.arange(self._length // 2 + 1) * rate / self._length
        self._in_time = _interpolation(times, model.frame_centers_s(n_frames))
        self._in_frequency = _interpolation(frequencies, model.bin_centers_hz(n_bins))

    def __call__(self, waveforms: Tensor, masks: Tensor) -> Tensor:
        """Let only what masks keep be heard, ``(batch, samples)``."""
        spectrum = torch.stft(
            waveforms, self._length, self._hop, window=self._window, return_complex=True,
            pad_mode="constant",
        )  # fmt: skip
        carried = self._in_time @ masks @ self._in_frequency.T
        return torch.istft(
            spectrum * carried.transpose(1, 2),
            self._length,
            self._hop,
            window=self._window,
            length=waveforms.shape[1],
        )


def _interpolation(wanted: FloatArray, centers: FloatArray) -> Tensor:
    """Return the matrix of a linear interpolation; beyond the ends the border counts."""
    columns = [np.interp(wanted, centers, row) for row in np.eye(len(centers))]
    return torch.tensor(np.stack(columns, axis=1), dtype=torch.float32)
