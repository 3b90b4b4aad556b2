"""A torch model that somebody has: log spectra, a convolution per class, the loudest moment."""

import torch
from torch import nn

import awb

TONES_HZ = {"Whistle": 2_000, "Hum": 250}


class Spectrum(nn.Module):
    """Waveforms (batch, samples) to log magnitudes (batch, frames, bins)."""

    def forward(self, waveforms):
        window = torch.hann_window(512)
        found = torch.stft(waveforms, 512, 160, window=window, return_complex=True)
        return torch.log(found.abs().transpose(1, 2) + 1e-3)


class Tagger(nn.Module):
    """Features to logits (batch, classes)."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(257, len(TONES_HZ), 3, padding=1)
        self.pool = nn.AdaptiveMaxPool1d(1)
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.bias.fill_(-2.0)
            for row, tone_hz in enumerate(TONES_HZ.values()):
                self.conv.weight[row, round(tone_hz * 512 / 16_000)] = 0.8

    def forward(self, features):
        return self.pool(self.conv(features.transpose(1, 2)))[..., 0]


@awb.model("tone-tagger", citation="nobody, yet")
def tone_tagger():
    """Say which of two tones sounds."""
    return awb.torch_model(
        front_end=Spectrum(),
        back_end=Tagger(),
        sample_rate_hz=16_000,
        classes=list(TONES_HZ),
        output="logits",
    )
