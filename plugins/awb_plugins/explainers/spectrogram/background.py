"""Features in which the target is not to be heard: what gradients measure a clip from.

An explainer sees one clip and the masker's replacement, no labels and no other clip: so a
background is made of these. ``scenes`` is the clip itself, cut into pieces that are put in another
order: the same room, the same noise, and the event at another time.

References
----------
Sturmfels, P., Lundberg, S., & Lee, S.-I. (2020). Visualizing the impact of feature attribution
baselines. Distill. doi:10.23915/distill.00022
Erion, G., et al. (2021). Improving performance of deep learning models with axiomatic attribution
priors and expected gradients. Nature Machine Intelligence 3. doi:10.1038/s42256-021-00343-w
(distributions of baselines)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from awb.types import AudioArray

if TYPE_CHECKING:
    import torch

    from awb_plugins.explainers.spectrogram.hearing import Heard

Single = Literal["dropped", "silence", "median", "mean", "zero"]
"""Kinds of which there is one a clip."""

Baseline = Literal["dropped", "silence", "median", "mean", "zero", "quiet", "scenes"]
"""All kinds; of ``quiet`` and ``scenes`` several are drawn, and what is found is averaged."""

_QUIET_DB = (-80.0, -40.0)
_PIECE_S = 0.5


def one_background(heard: Heard, kind: Single) -> torch.Tensor:
    """Return features that say nothing.

    Parameters
    ----------
    heard : Heard
        Clip and model.
    kind : str
        ``dropped`` for the features of a clip that is dropped wholly; ``silence`` for those of
        zeros, whatever the masker; ``median`` or ``mean`` for the clip's own median or mean
        spectrum all the time; ``zero`` for zeros.

    Returns
    -------
    torch.Tensor, shape=(1, frames, bins)
        Baseline features.
    """
    if kind == "dropped":
        return heard.features_of(heard.fill[np.newaxis])
    if kind == "silence":
        return heard.features_of(np.zeros_like(heard.fill)[np.newaxis])
    if kind == "zero":
        return heard.features * 0.0
    middle = heard.features.median(dim=1, keepdim=True).values
    if kind == "mean":
        middle = heard.features.mean(dim=1, keepdim=True)
    return middle.expand_as(heard.features).clone()


def backgrounds(heard: Heard, kind: Baseline, count: int, rng: np.random.Generator) -> torch.Tensor:
    """Return one or several baselines.

    Parameters
    ----------
    heard : Heard
        Clip and model.
    kind : str
        As for `one_background`; ``quiet`` for audio in which there is nothing to hear, see
        `quiet_audio`; ``scenes`` for the clip in pieces of half a second in random order.
    count : int
        How many, where they are drawn.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    torch.Tensor, shape=(n, frames, bins)
        Baseline features, one or `count` of them.
    """
    if kind == "quiet":
        return heard.features_of(quiet_audio(heard.fill, count, rng))
    if kind == "scenes":
        return _scenes(heard, count, rng)
    return one_background(heard, kind)


def quiet_audio(fill: AudioArray, count: int, rng: np.random.Generator) -> AudioArray:
    """Return audio in which there is nothing to hear.

    Parameters
    ----------
    fill : np.ndarray, shape=(samples,)
        What the masker puts in the place of dropped audio: the first of them.
    count : int
        Number of waveforms.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray, shape=(count, samples), dtype=float32
        The fill, then white noise at levels between -80 and -40 dB of full scale.
    """
    level = 10.0 ** (rng.uniform(*_QUIET_DB, size=(count - 1, 1)) / 20.0)
    noise = level * rng.standard_normal((count - 1, fill.size))
    return np.concatenate([fill[np.newaxis], noise]).astype(np.float32)


def _scenes(heard: Heard, count: int, rng: np.random.Generator) -> torch.Tensor:
    """Put pieces of the features in random orders."""
    import torch

    n_frames = heard.features.shape[1]
    centers_s = heard.model.frame_centers_s(n_frames)
    pieces = np.floor((centers_s - centers_s[0]) / _PIECE_S).astype(np.int64)
    orders = []
    for _ in range(count):
        rank = rng.permutation(int(pieces[-1]) + 1)
        orders.append(np.argsort(rank[pieces], kind="stable"))
    return torch.cat([heard.features[:, torch.from_numpy(order)] for order in orders])
