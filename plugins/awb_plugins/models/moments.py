"""Networks that judge moments before they look at the clip: what a moment hears, and pooling.

References
----------
Pinheiro, P. O., & Collobert, R. (2015). From image-level to pixel-level labeling with
convolutional networks. CVPR. https://doi.org/10.1109/CVPR.2015.7298780 (Log-mean-exp pooling.)
Araujo, A., Norris, W., & Sim, J. (2019). Computing receptive fields of convolutional neural
networks. Distill. https://doi.org/10.23915/distill.00021
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Reach:
    """What a stack of convolutions hears, in frames.

    Attributes
    ----------
    frames : int
        Length of what a moment hears.
    stride : int
        Frames from one moment to the next.
    before : int
        Frames of padding that the first moment hears.
    """

    frames: int
    stride: int
    before: int

    @classmethod
    def of(cls, layers: Iterable[nn.Module]) -> Reach:
        """Follow the convolutions of a stack, whose first axis, or only one, is time."""
        frames, stride, before = 1, 1, 0
        for layer in layers:
            if isinstance(layer, nn.Conv1d | nn.Conv2d):
                frames += stride * layer.dilation[0] * (layer.kernel_size[0] - 1)
                before += stride * int(layer.padding[0])
                stride *= layer.stride[0]
        return cls(frames, stride, before)

    def first_frames(self, n_frames: int) -> range:
        """Return the first frame that each moment hears, negative in the padding."""
        n_moments = (n_frames + 2 * self.before - self.frames) // self.stride + 1
        return range(-self.before, -self.before + n_moments * self.stride, self.stride)


class MomentNetwork(nn.Module):
    """Frames to moments, and moments to log-odds.

    Attributes
    ----------
    convolutions : torch.nn.Sequential
        All that hears more than one frame before the moments are combined.
    """

    convolutions: nn.Sequential

    @abstractmethod
    def moments(self, features: Tensor) -> Tensor:
        """Judge ``(batch, frames, bins)``, giving ``(batch, moments, channels)``."""

    @abstractmethod
    def combined(self, moments: Tensor) -> Tensor:
        """Combine moments into log-odds ``(batch, classes)``."""

    def forward(self, features: Tensor) -> Tensor:
        """Score clips."""
        return self.combined(self.moments(features))


class PooledMoments(MomentNetwork):
    """Moments that are scores of the classes, pooled over time by log-mean-exp.

    Attributes
    ----------
    sharpness : torch.Tensor, shape=(n_classes,)
        Logarithm of the inverse temperature of the pooling over time: large values take the
        loudest evidence, small ones the mean.
    """

    sharpness: nn.Parameter

    def combined(self, moments: Tensor) -> Tensor:
        """Pool each class."""
        inverse = self.sharpness.exp()
        pooled = torch.logsumexp(moments * inverse, dim=1) - math.log(moments.shape[1])
        return pooled / inverse
