"""Where the tokens of a transformer are that a CAM looks at, and how they lie in time."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class TokenMaps:
    """The tokens that the scores are read from, as maps.

    Attributes
    ----------
    layer : str
        Module of the back end that gives them, ``(batch, tokens, channels)``: the last block where
        the scores are read from the mean of the tokens; the block before it where they are read
        from a class token, which in the last block has looked at the others already.
    frames : int
        Frames of the features between the starts of two tokens.
    first : int
        Tokens before those of the audio.
    bands : int
        Bands of the spectrum, one after another in the order of the tokens.
    """

    layer: str
    frames: int
    first: int = 0
    bands: int = 1

    def lay_out(self, tokens: torch.Tensor, n_frames: int) -> torch.Tensor:
        """Lay tokens out as maps of the audio, without those of padding.

        Parameters
        ----------
        tokens : torch.Tensor, shape=(batch, tokens, channels)
            Output of `layer`.
        n_frames : int
            Frames of the features.

        Returns
        -------
        torch.Tensor, shape=(batch, channels, times) or (batch, channels, times, bands)
            Maps.
        """
        heard = -(-n_frames // self.frames)
        maps = tokens[:, self.first :].transpose(1, 2)
        if self.bands == 1:
            return maps[:, :, :heard]
        grid: torch.Tensor = maps.reshape(*maps.shape[:2], self.bands, -1)
        return grid.transpose(2, 3)[:, :, :heard]
