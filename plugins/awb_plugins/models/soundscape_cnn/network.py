"""The torch modules: a log-mel front end, and a convolutional back end that pools over time.

Conventions
-----------
Frame k is centred on hop k: it hears 512 samples around the middle of samples 320 k to 320 k + 319.
The waveform is padded with zeros at both ends, so that a clip has one frame for every begun hop of
20 ms, and no frame depends on anything but its own window: features are not normalized over a clip.

References
----------
Stevens, S. S., Volkmann, J., & Newman, E. B. (1937). A scale for the measurement of the
psychological magnitude pitch. JASA, 8(3). https://doi.org/10.1121/1.1915893
Kong, Q., et al. (2020). PANNs: Large-scale pretrained audio neural networks for audio pattern
recognition. IEEE/ACM TASLP, 28. https://doi.org/10.1109/TASLP.2020.3030497
Pinheiro, P. O., & Collobert, R. (2015). From image-level to pixel-level labeling with
convolutional networks. CVPR. https://doi.org/10.1109/CVPR.2015.7298780 (Log-mean-exp pooling.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from awb_plugins.models.convolutions import stacked, without_norms

SAMPLE_RATE_HZ = 16000
WINDOW_SAMPLES = 512
HOP_SAMPLES = 320
MEL_BINS = 64
LOWEST_HZ, HIGHEST_HZ = 30.0, 7800.0
POWER_FLOOR = 1e-8  # what silence becomes: -80 dB of full scale

_CHANNELS = (8, 16, 24, 32)  # small on purpose (decided by the maintainer): 4x faster, mAP 0.98
_HIDDEN = 64
LAST_CONVOLUTION = "convolutions.conv5"


@dataclass(frozen=True, slots=True)
class LogMelFormat:
    """Rates and sizes of log-mel frames; the defaults are those of soundscape-cnn.

    Attributes
    ----------
    sample_rate_hz : int
        Rate of the waveforms in Hz.
    window_samples, hop_samples : int
        Length of a frame's window, and distance between frames.
    mel_bins : int
        Number of mel bins.
    lowest_hz, highest_hz : float
        Range of the filters in Hz.
    """

    sample_rate_hz: int = SAMPLE_RATE_HZ
    window_samples: int = WINDOW_SAMPLES
    hop_samples: int = HOP_SAMPLES
    mel_bins: int = MEL_BINS
    lowest_hz: float = LOWEST_HZ
    highest_hz: float = HIGHEST_HZ

    def edges_hz(self) -> Tensor:
        """Return edges and centres of the filters, ``shape=(mel_bins + 2,)``, dtype=float64."""
        lowest, highest = (
            2595 * math.log10(1 + edge / 700) for edge in (self.lowest_hz, self.highest_hz)
        )
        mels = torch.linspace(lowest, highest, self.mel_bins + 2, dtype=torch.float64)
        return torch.as_tensor(700 * (10 ** (mels / 2595) - 1))


SOUNDSCAPES = LogMelFormat()


def mel_filters(shape: LogMelFormat = SOUNDSCAPES) -> Tensor:
    """Return triangular filters, evenly spaced in mel, of height 1."""
    resolution_hz = shape.sample_rate_hz / shape.window_samples
    edges_hz = shape.edges_hz()
    n_bins = shape.window_samples // 2 + 1
    bins_hz = torch.arange(n_bins, dtype=torch.float64)[:, None] * resolution_hz
    below = torch.clamp(edges_hz[1:-1] - edges_hz[:-2], min=resolution_hz)
    above = torch.clamp(edges_hz[2:] - edges_hz[1:-1], min=resolution_hz)
    offset = bins_hz - edges_hz[1:-1]
    return torch.clamp(torch.minimum(1 + offset / below, 1 - offset / above), min=0).float()


class FrontEnd(nn.Module):
    """Waveforms to log-mel frames.

    Attributes
    ----------
    window : torch.Tensor, shape=(window_samples,)
        Hann window, scaled so that white noise of variance v has the power density v.
    filters : torch.Tensor, shape=(window_samples // 2 + 1, mel_bins)
        See `mel_filters`.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, shape: LogMelFormat = SOUNDSCAPES) -> None:
        super().__init__()
        self.shape = shape
        window = torch.hann_window(shape.window_samples, dtype=torch.float64)
        window /= window.square().sum().sqrt()
        self.register_buffer("window", window.float(), persistent=False)
        self.register_buffer("filters", mel_filters(shape), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute the features."""
        window, hop = self.shape.window_samples, self.shape.hop_samples
        margin = (window - hop) // 2
        rest = -waveforms.shape[-1] % hop
        padded = nn.functional.pad(waveforms, (margin, margin + rest))
        spectrum = torch.fft.rfft(padded.unfold(-1, window, hop) * self.window)
        power = spectrum.real.square() + spectrum.imag.square()
        return torch.log(power @ self.filters + POWER_FLOOR)


def _convolution(inputs: int, outputs: int, kernel: tuple[int, int], stride: int) -> nn.Conv2d:
    """Make a convolution over (frames, bins) that halves the bins and keeps the frames centred."""
    padding = (kernel[0] // 2, kernel[1] // 2)
    return nn.Conv2d(inputs, outputs, kernel, (stride, 2), padding, bias=True)


def _convolutions(*, batch_norm: bool) -> nn.Sequential:
    """Stack the five convolutions; the last one spans all that is left of the bins."""
    one, two, three, four = _CHANNELS
    layers = [
        _convolution(1, one, (5, 5), 2),
        _convolution(one, two, (3, 3), 1),
        _convolution(two, three, (3, 3), 2),
        _convolution(three, four, (3, 3), 1),
        nn.Conv2d(four, _HIDDEN, (3, MEL_BINS // 16), padding=(1, 0)),
    ]
    return stacked(layers, batch_norm=batch_norm)


class BackEnd(nn.Module):
    """Log-mel frames to log-odds.

    Attributes
    ----------
    bin_mean, bin_scale : torch.Tensor, shape=(MEL_BINS,)
        Fixed shift and scale of the features, from the training data.
    sharpness : torch.Tensor, shape=(n_classes,)
        Logarithm of the inverse temperature of the pooling over time: large values take the
        loudest evidence, small ones the mean.
    """

    bin_mean: Tensor
    bin_scale: Tensor

    def __init__(self, n_classes: int, *, batch_norm: bool = False) -> None:
        super().__init__()
        self.register_buffer("bin_mean", torch.zeros(MEL_BINS))
        self.register_buffer("bin_scale", torch.ones(MEL_BINS))
        self.convolutions = _convolutions(batch_norm=batch_norm)
        self.dropout = nn.Dropout(0.2 if batch_norm else 0.0)
        self.head = nn.Linear(_HIDDEN, n_classes)
        self.sharpness = nn.Parameter(torch.zeros(n_classes))

    def frame_scores(self, features: Tensor) -> Tensor:
        """Score every fourth frame."""
        scaled = (features - self.bin_mean) * self.bin_scale
        hidden = self.convolutions(scaled[:, None])
        scores: Tensor = self.head(self.dropout(hidden[..., 0].transpose(1, 2)))
        return scores

    def forward(self, features: Tensor) -> Tensor:
        """Pool the scores of all moments by log-mean-exp."""
        scores = self.frame_scores(features)
        inverse = self.sharpness.exp()
        pooled = torch.logsumexp(scores * inverse, dim=1) - math.log(scores.shape[1])
        return pooled / inverse

    def folded(self) -> BackEnd:
        """Return the same function with every normalization folded into its convolution."""
        plain = BackEnd(self.head.out_features).eval()
        state = {name: value for name, value in self.state_dict().items() if ".norm" not in name}
        plain.load_state_dict(state)
        plain.convolutions = without_norms(self.convolutions)
        return plain
