"""The convolutional back end, which pools over time.

References
----------
Kong, Q., et al. (2020). PANNs: Large-scale pretrained audio neural networks for audio pattern
recognition. IEEE/ACM TASLP, 28. https://doi.org/10.1109/TASLP.2020.3030497
Pinheiro, P. O., & Collobert, R. (2015). From image-level to pixel-level labeling with
convolutional networks. CVPR. https://doi.org/10.1109/CVPR.2015.7298780 (Log-mean-exp pooling.)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from awb_plugins.models.convolutions import stacked, without_norms
from awb_plugins.models.log_mel_front_end import MEL_BINS
from awb_plugins.models.moments import PooledMoments

_CHANNELS = (8, 16, 24, 32)  # small on purpose (decided by the maintainer): 4x faster, mAP 0.98
_HIDDEN = 64
LAST_CONVOLUTION = "convolutions.conv5"


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


class BackEnd(PooledMoments):
    """Log-mel frames to log-odds.

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
        self.dropout = nn.Dropout(0.2 if batch_norm else 0.0)
        self.head = nn.Linear(_HIDDEN, n_classes)
        self.sharpness = nn.Parameter(torch.zeros(n_classes))

    def moments(self, features: Tensor) -> Tensor:
        """Score every fourth frame: ``(batch, moments, classes)``."""
        scaled = (features - self.bin_mean) * self.bin_scale
        hidden = self.convolutions(scaled[:, None])
        scores: Tensor = self.head(self.dropout(hidden[..., 0].transpose(1, 2)))
        return scores

    def folded(self) -> BackEnd:
        """Return the same function with every normalization folded into its convolution."""
        plain = BackEnd(self.head.out_features).eval()
        state = {name: value for name, value in self.state_dict().items() if ".norm" not in name}
        plain.load_state_dict(state)
        plain.convolutions = without_norms(self.convolutions)
        return plain
