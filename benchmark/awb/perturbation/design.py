"""What a perturber is given and hands out: designs, pools, and what replaces dropped audio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb import designs
from awb.errors import PluginError
from awb.intervals import IntArray
from awb.maskers import ContextMasker, Masker
from awb.perturbation.scorers.rendering import ContextRenderer, Renderer
from awb.randomness import RandomKey
from awb.types import AudioArray, BoolArray, Clip

HELD_OUT = 300
"""Masks on which metrics test what explainers learned from the pool."""


@dataclass(frozen=True, slots=True)
class Design:
    """How the drop masks of the shared pool are drawn.

    Attributes
    ----------
    samples : int
        Number of masks; explainers that draw their own use as many.
    draw : callable
        ``draw(n_segments, samples, rng)``, for example `awb.designs.pooled`.
    is_budget : bool
        Whether explanations are compared at this number of calls (``--budgets``), so that those
        with masks of their own use all of it.
    """

    samples: int = 3000
    draw: Callable[[int, int, np.random.Generator], BoolArray] = designs.pooled
    is_budget: bool = False


LOG_ODDS_LIMIT = 100.0
"""Scores are clipped to this: a model that is infinitely sure would break every surrogate."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The shared design of an instance: drop masks and their scores.

    Attributes
    ----------
    drop_masks : np.ndarray, shape=(samples, segments), dtype=bool
        True = this segment's audio is replaced.
    scores : np.ndarray, shape=(samples,), dtype=float64
        Log-odds of the target.
    """

    drop_masks: BoolArray
    scores: npt.NDArray[np.float64]


def fill_of(masker: Masker, clip: Clip, rng_key: RandomKey) -> AudioArray:
    """Ask a masker for what replaces dropped audio, and check it.

    Parameters
    ----------
    masker : callable
        See `awb.maskers`.
    clip : Clip
        The clip.
    rng_key : RandomKey
        Path of the instance.

    Returns
    -------
    np.ndarray, shape=(samples,), dtype=float32
        As long as the clip, and finite.

    Raises
    ------
    PluginError
        If the masker returns anything else.
    """
    fill = masker(clip.waveform, clip.sample_rate_hz, rng_key.generator("masker"))
    fill = np.asarray(fill, dtype=np.float32)
    if fill.shape != clip.waveform.shape or not np.isfinite(fill).all():
        raise PluginError("the masker must return a finite waveform of the clip's shape")
    return fill


def renderer_of(
    masker: Masker, clip: Clip, fill: AudioArray, edges: IntArray, rng_key: RandomKey
) -> Renderer:
    """Make what renders masked clips with this masker."""
    if not isinstance(masker, ContextMasker):
        return Renderer(clip.waveform, fill, edges)
    rng = rng_key.generator("masker")
    fill_for = masker.given(clip.waveform, clip.sample_rate_hz, edges, rng)
    return ContextRenderer(clip.waveform, fill, edges, fill_for)
