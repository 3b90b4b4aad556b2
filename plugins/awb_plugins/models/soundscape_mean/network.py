"""The back end of soundscape-cnn with another pooling over time: the mean of what speaks for."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from awb_plugins.models.soundscape_cnn.network import BackEnd

GAIN = 10.0  # a sound fills about a tenth of a scene
_ABSENT = -2.0  # log-odds of a class that nothing speaks for, before training


class MeanBackEnd(BackEnd):
    """Log-mel frames to log-odds that grow with how long a class is heard.

    Every moment adds what speaks for a class, so that half of a sound gives half of its evidence.
    The log-mean-exp of `PooledMoments` is content with the moments that say most.
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__(n_classes)
        del self.sharpness
        self.positive = nn.ReLU()
        self.offset = nn.Parameter(torch.full((n_classes,), _ABSENT))

    def combined(self, moments: Tensor) -> Tensor:
        """Average what speaks for each class over time."""
        heard: Tensor = self.positive(moments).mean(dim=1)
        return GAIN * heard + self.offset
