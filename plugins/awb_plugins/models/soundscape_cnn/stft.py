"""A log-mel network seen from one step earlier: its features are a linear spectrogram.

The front end stops at the power spectrum, in logarithms, and the mel filters move into the network.
The model is the same function of the waveform up to rounding, but explainers of features speak
about the bins of the Fourier transform instead of mel bins.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from awb_plugins.models.log_mel_front_end import POWER_FLOOR, FrontEnd, LogMelFormat
from awb_plugins.models.moments import MomentNetwork


class LogPower(FrontEnd):
    """Waveforms to the logarithm of the power in every bin of every frame."""

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute the features."""
        return torch.log(self.power(waveforms) + POWER_FLOOR)


class MelNetwork(MomentNetwork):
    """The mel filters, and the network behind them.

    Attributes
    ----------
    network : MomentNetwork
        Takes log-mel frames.
    filters : torch.Tensor, shape=(bins, mel_bins)
        As in the front end.
    """

    filters: Tensor

    def __init__(self, shape: LogMelFormat, network: MomentNetwork) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("filters", FrontEnd(shape).filters, persistent=False)

    @property
    def convolutions(self) -> nn.Sequential:  # type: ignore[override]
        """Those of the network."""
        return self.network.convolutions

    def moments(self, features: Tensor) -> Tensor:
        """Judge ``(batch, frames, bins)``, giving ``(batch, moments, channels)``."""
        power = (features.exp() - POWER_FLOOR).clamp(min=0)
        return self.network.moments(torch.log(power @ self.filters + POWER_FLOOR))

    def combined(self, moments: Tensor) -> Tensor:
        """Combine moments into log-odds ``(batch, classes)``."""
        return self.network.combined(moments)
