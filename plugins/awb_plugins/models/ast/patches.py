"""AST's patches, with time first and the audio apart from the padding.

The published patch embedding convolves ``(bins, frames)`` and always sees the longest input, padded
at its end. Explainers of the last convolution want maps ``(channels, frames, bins)`` that cover the
audio and nothing else. So the convolution here is the same one with its axes exchanged, run over
the patches that begin before the audio ends; patches of padding are all alike and appended.
"""

from __future__ import annotations

import torch
from torch import nn


class TimeFirstPatches(nn.Module):
    """A patch embedding that replaces transformers' `ASTPatchEmbeddings`.

    Parameters
    ----------
    projection : torch.nn.Conv2d
        The published convolution over ``(bins, frames)``.
    max_frames : int
        Frames of the longest input.
    padding : float
        What frames contain after the end of the audio.

    Attributes
    ----------
    projection : torch.nn.Conv2d
        The same convolution over ``(frames, bins)``.
    n_times, n_bands : int
        Patches of the longest input in time and in frequency.
    """

    def __init__(self, projection: nn.Conv2d, max_frames: int, n_bins: int, padding: float) -> None:
        super().__init__()
        tall, long = projection.kernel_size
        step_bins, step_frames = projection.stride
        channels = projection.out_channels
        self.projection = nn.Conv2d(1, channels, (long, tall), (int(step_frames), int(step_bins)))
        weight = projection.weight.detach().transpose(2, 3).contiguous()
        self.projection.weight = nn.Parameter(weight, requires_grad=False)
        if projection.bias is not None:
            self.projection.bias = nn.Parameter(projection.bias.detach(), requires_grad=False)
        self._patch_frames, self._step_frames = int(long), int(step_frames)
        self._patch_bins, self._step_bins = int(tall), int(step_bins)
        self._max_frames, self._padding = max_frames, padding
        self.n_times = (max_frames - int(long)) // int(step_frames) + 1
        self.n_bands = (n_bins - int(tall)) // int(step_bins) + 1

    def spans(self) -> list[tuple[int, int]]:
        """Return first frame and end of each patch, in the order of the tokens."""
        times = [
            (index * self._step_frames, index * self._step_frames + self._patch_frames)
            for index in range(self.n_times)
        ]
        return times * self.n_bands

    def bins(self) -> list[tuple[int, int]]:
        """Return first bin and end of each patch, in the order of the tokens."""
        lows = [band * self._step_bins for band in range(self.n_bands)]
        return [(low, low + self._patch_bins) for low in lows for _ in range(self.n_times)]

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Embed the patches.

        Parameters
        ----------
        features : torch.Tensor, shape=(batch, frames, bins)
            Features of the audio; what follows the longest input is not heard.

        Returns
        -------
        torch.Tensor, shape=(batch, patches, channels)
            Embeddings of all patches of the longest input, bands one after another.
        """
        frames = features[:, : self._max_frames]
        heard = min(self.n_times, -(-frames.shape[1] // self._step_frames))
        needed = (heard - 1) * self._step_frames + self._patch_frames
        missing = max(0, needed - frames.shape[1])
        frames = nn.functional.pad(frames, (0, 0, 0, missing), value=self._padding)
        maps = self.projection(frames[:, None, :needed])
        if heard < self.n_times:
            silent = self._silent_patch(frames)
            maps = torch.cat([maps, silent.expand(len(maps), -1, self.n_times - heard, -1)], dim=2)
        embeddings: torch.Tensor = maps.transpose(2, 3).flatten(2).transpose(1, 2)
        return embeddings

    def _silent_patch(self, frames: torch.Tensor) -> torch.Tensor:
        """Embed a column of patches of padding; not through the module, whose hooks mean audio."""
        empty = frames.new_full((1, 1, self._patch_frames, frames.shape[2]), self._padding)
        conv = self.projection
        silent: torch.Tensor = nn.functional.conv2d(
            empty, conv.weight, conv.bias, stride=conv.stride
        )
        return silent
