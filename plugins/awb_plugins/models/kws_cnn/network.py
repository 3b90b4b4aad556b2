"""The torch modules: log-mel frames at 8 kHz, and convolutions whose evidence is pooled over time.

Conventions
-----------
Frame k is centred on hop k of 10 ms and hears 32 ms. No frame depends on anything but its own
window. The back end judges every 40 ms on a context of about half a second, the length of a word.

References
----------
Pinheiro, P. O., & Collobert, R. (2015). From image-level to pixel-level labeling with
convolutional networks. CVPR. https://doi.org/10.1109/CVPR.2015.7298780 (Log-mean-exp pooling.)
Sainath, T. N., & Parada, C. (2015). Convolutional neural networks for small-footprint keyword
spotting. Interspeech. https://doi.org/10.21437/Interspeech.2015-352
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from awb_plugins.models.convolutions import stacked, without_norms
from awb_plugins.models.kws_cnn.voices import OtherVoices
from awb_plugins.models.log_mel_front_end import FrontEnd, LogMelFormat
from awb_plugins.models.moments import PooledMoments

FORMAT = LogMelFormat(
    sample_rate_hz=8000,
    window_samples=256,
    hop_samples=80,
    mel_bins=40,
    lowest_hz=60.0,
    highest_hz=3800.0,
)
LAST_CONVOLUTION = "convolutions.conv5"

_CHANNELS = (16, 24, 32, 32)
_HIDDEN = 48
_LAST_FRAMES = 9
_FIRST_SHARPNESS = 1.0


def make_front_end() -> FrontEnd:
    """Make the front end: ``(batch, samples)`` to ``(batch, frames, 40)``."""
    return FrontEnd(FORMAT)


def _convolutions(*, batch_norm: bool) -> nn.Sequential:
    """Stack five convolutions; the last one spans all that is left of the bins."""
    one, two, three, four = _CHANNELS
    layers = [
        nn.Conv2d(1, one, (5, 5), (2, 2), (2, 2)),
        nn.Conv2d(one, two, (5, 3), (2, 2), (2, 1)),
        nn.Conv2d(two, three, (5, 3), (1, 2), (2, 1)),
        nn.Conv2d(three, four, (5, 3), (1, 2), (2, 1)),
        nn.Conv2d(four, _HIDDEN, (_LAST_FRAMES, 3), padding=(_LAST_FRAMES // 2, 0)),
    ]
    return stacked(layers, batch_norm=batch_norm)


class BackEnd(PooledMoments):
    """Log-mel frames to log-odds.

    Attributes
    ----------
    bin_mean, bin_scale : torch.Tensor, shape=(40,)
        Fixed shift and scale of the features, from the training data.
    """

    bin_mean: Tensor
    bin_scale: Tensor

    def __init__(self, n_classes: int, *, training_parts: bool = False) -> None:
        super().__init__()
        self.register_buffer("bin_mean", torch.zeros(FORMAT.mel_bins))
        self.register_buffer("bin_scale", torch.ones(FORMAT.mel_bins))
        self.voices: nn.Module = OtherVoices() if training_parts else nn.Identity()
        self.convolutions = _convolutions(batch_norm=training_parts)
        self.dropout = nn.Dropout(0.2 if training_parts else 0.0)
        self.head = nn.Linear(_HIDDEN, n_classes)
        self.sharpness = nn.Parameter(torch.full((n_classes,), _FIRST_SHARPNESS))

    def moments(self, features: Tensor) -> Tensor:
        """Score every 40 ms: ``(batch, moments, classes)``."""
        scaled = (self.voices(features) - self.bin_mean) * self.bin_scale
        hidden = self.convolutions(scaled[:, None])[..., 0].transpose(1, 2)
        scores: Tensor = self.head(self.dropout(hidden))
        return scores

    def finished(self) -> BackEnd:
        """Return the same function without what only training needs."""
        plain = copy.deepcopy(self).eval()
        plain.voices, plain.dropout = nn.Identity(), nn.Dropout(0.0)
        plain.convolutions = without_norms(plain.convolutions)
        return plain
