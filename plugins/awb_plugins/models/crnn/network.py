"""The back end: convolutions over time and frequency, a recurrent layer, and a sum over time.

The sum is what makes the network count: every moment adds its share of evidence, so that a clip
with three kicks gives three times what a clip with one gives, wherever they are.

References
----------
Çakır, E., Parascandolo, G., Heittola, T., Huttunen, H., & Virtanen, T. (2017). Convolutional
recurrent neural networks for polyphonic sound event detection. IEEE/ACM TASLP, 25(6).
https://doi.org/10.1109/TASLP.2017.2690575
Cho, K., et al. (2014). Learning phrase representations using RNN encoder-decoder for statistical
machine translation. EMNLP. https://doi.org/10.3115/v1/D14-1179 (Gated recurrent units.)
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from awb_plugins.models.checkpoints import log_odds
from awb_plugins.models.convolutions import stacked, without_norms
from awb_plugins.models.log_mel_front_end import MEL_BINS
from awb_plugins.models.moments import MomentNetwork

LAST_CONVOLUTION = "convolutions.conv5"

_CHANNELS = (8, 16, 24, 32)
_HIDDEN, _RECURRENT, _EVIDENCE = 32, 24, 32
_PER_CLIP = 0.1


def _convolutions(*, batch_norm: bool) -> nn.Sequential:
    """Stack five convolutions; the last one spans all that is left of the bins."""
    one, two, three, four = _CHANNELS
    layers = [
        nn.Conv2d(1, one, (5, 5), (2, 2), (2, 2)),
        nn.Conv2d(one, two, (3, 3), (1, 2), (1, 1)),
        nn.Conv2d(two, three, (3, 3), (2, 2), (1, 1)),
        nn.Conv2d(three, four, (3, 3), (1, 2), (1, 1)),
        nn.Conv2d(four, _HIDDEN, (3, MEL_BINS // 16), padding=(1, 0)),
    ]
    return stacked(layers, batch_norm=batch_norm)


class Crnn(MomentNetwork):
    """Log-mel frames to log-odds of classes that exclude each other.

    Attributes
    ----------
    bin_mean, bin_scale : torch.Tensor, shape=(MEL_BINS,)
        Fixed shift and scale of the features, from the training data.
    """

    bin_mean: Tensor
    bin_scale: Tensor

    def __init__(self, n_classes: int, *, batch_norm: bool = False) -> None:
        super().__init__()
        self.register_buffer("bin_mean", torch.zeros(MEL_BINS))
        self.register_buffer("bin_scale", torch.ones(MEL_BINS))
        self.convolutions = _convolutions(batch_norm=batch_norm)
        self.recurrent = nn.GRU(_HIDDEN, _RECURRENT, batch_first=True, bidirectional=True)
        self.evidence = nn.Linear(2 * _RECURRENT, _EVIDENCE)
        self.dense = nn.Linear(_EVIDENCE, _EVIDENCE)
        self.head = nn.Linear(_EVIDENCE, n_classes)
        self.relu6, self.relu7 = nn.ReLU(), nn.ReLU()

    def moments(self, features: Tensor) -> Tensor:
        """Describe every fourth frame, ``(batch, moments, channels)``; nothing recurs yet."""
        scaled = (features - self.bin_mean) * self.bin_scale
        found: Tensor = self.convolutions(scaled[:, None])[..., 0].transpose(1, 2)
        return found

    def combined(self, moments: Tensor) -> Tensor:
        """Count over the clip."""
        heard, _ = self.recurrent(moments)
        total = _PER_CLIP * self.relu6(self.evidence(heard)).sum(dim=1)
        return log_odds(self.head(self.relu7(self.dense(total))), "single-label")

    def folded(self) -> Crnn:
        """Return the same function with every normalization folded into its convolution."""
        plain = copy.deepcopy(self).eval()
        plain.convolutions = without_norms(self.convolutions)
        return plain
