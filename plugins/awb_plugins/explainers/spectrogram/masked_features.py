"""Perturbation of the spectrogram itself: ``occlusion-tf`` and ``lime-tf``.

They mask points of the features, where the segment explainers mask audio: so they can say which
band of a moment matters. What is masked takes the baseline's features.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from awb.intervals import FloatArray, IntArray
from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.background import Single, one_background
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer, MapParameters

if TYPE_CHECKING:
    import torch

_BATCH = 16


class OcclusionTfParameters(MapParameters):
    """Settings of `occlusion-tf`.

    Attributes
    ----------
    window_s, hop_s : float
        Length of a patch and distance between two, in seconds.
    bands : int
        The patch spans this part of the bins (one of so many); patches overlap by half a band.
    baseline : str
        What masked points become.
    """

    window_s: float = Field(default=0.5, gt=0)
    hop_s: float = Field(default=0.25, gt=0)
    bands: int = Field(default=4, ge=1)
    baseline: Single = "dropped"


class LimeTfParameters(MapParameters):
    """Settings of `lime-tf`.

    Attributes
    ----------
    cell_s : float
        Length of a cell of the grid in seconds.
    bands : int
        Cells of the grid along frequency.
    samples : int
        Masks that are drawn, each cell kept with a chance of one half.
    kernel_width, alpha : float
        Of the exponential kernel on the distance between keep vectors, and of the ridge.
    baseline : str
        What masked points become.
    """

    cell_s: float = Field(default=0.5, gt=0)
    bands: int = Field(default=4, ge=1)
    samples: int = Field(default=300, ge=2)
    kernel_width: float = Field(default=0.25, gt=0)
    alpha: float = Field(default=1.0, gt=0)
    baseline: Single = "dropped"


def whole_frames(duration_s: float, centers_s: FloatArray) -> int:
    """Round a duration to frames, at least one and at most all.

    Parameters
    ----------
    duration_s : float
        Seconds.
    centers_s : np.ndarray, shape=(frames,)
        Centre of each frame in seconds.

    Returns
    -------
    int
        Number of frames.
    """
    if len(centers_s) < 2:
        return len(centers_s)
    hop_s = (centers_s[-1] - centers_s[0]) / (len(centers_s) - 1)
    return int(np.clip(round(duration_s / hop_s), 1, len(centers_s)))


def grid_cells(n_frames: int, n_bins: int, frames: int, bands: int) -> IntArray:
    """Number the cells of a grid over the features.

    Parameters
    ----------
    n_frames, n_bins : int
        Shape of the features.
    frames : int
        Frames in a cell.
    bands : int
        Cells along frequency, as equal as they can be.

    Returns
    -------
    np.ndarray, shape=(n_frames, n_bins), dtype=int64
        Number of the cell of each point, from 0 without gaps.

    Examples
    --------
    >>> grid_cells(3, 4, 2, 2).tolist()
    [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3]]
    """
    bands = min(bands, n_bins)
    time = np.arange(n_frames, dtype=np.int64) // frames
    band = np.arange(n_bins, dtype=np.int64) * bands // n_bins
    cells: IntArray = time[:, np.newaxis] * bands + band
    return cells


class OcclusionTf(MapExplainer):
    """The fall of the score without a patch of the spectrogram, averaged over the patches."""

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        _, n_frames, n_bins = heard.features.shape
        centers_s = heard.model.frame_centers_s(n_frames)
        window = whole_frames(self.parameters.window_s, centers_s)
        hop = min(window, whole_frames(self.parameters.hop_s, centers_s))
        band = max(1, n_bins // self.parameters.bands)
        found: torch.Tensor = self.captum.Occlusion(heard.model.back_end).attribute(
            heard.features,
            sliding_window_shapes=(window, band),
            strides=(hop, max(1, band // 2)),
            baselines=one_background(heard, self.parameters.baseline),
            target=heard.target,
            perturbations_per_eval=_BATCH,
        )
        return found


class LimeTf(MapExplainer):
    """Coefficients of a weighted ridge regression from kept cells of a grid to the score.

    Parameters
    ----------
    parameters : LimeTfParameters
        Grid, masks and regression.
    """

    def __init__(self, parameters: LimeTfParameters) -> None:
        from captum._utils.models.linear_model import SkLearnRidge

        import_module("sklearn.linear_model")  # captum would import it when it is too late
        super().__init__(parameters)
        self._ridge: Any = SkLearnRidge

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        _, n_frames, n_bins = heard.features.shape
        settings = self.parameters
        frames = whole_frames(settings.cell_s, heard.model.frame_centers_s(n_frames))
        cells = grid_cells(n_frames, n_bins, frames, settings.bands)
        method = self.captum.Lime(
            heard.model.back_end,
            interpretable_model=self._ridge(alpha=settings.alpha),
            similarity_func=self._proximity,
        )
        found: torch.Tensor = method.attribute(
            heard.features,
            baselines=one_background(heard, settings.baseline),
            target=heard.target,
            feature_mask=self.torch.from_numpy(cells)[None].to(heard.features.device),
            n_samples=settings.samples,
            perturbations_per_eval=_BATCH,
        )
        return found

    def _proximity(self, clip: Any, masked: Any, kept: Any, **_: Any) -> float:
        """Weigh a mask by the cosine distance of its keep vector, see `segmentwise.lime`."""
        distance = 1.0 - float(kept.float().mean()) ** 0.5
        return float(np.exp(-0.5 * (distance / self.parameters.kernel_width) ** 2))


SPECS = [
    ExplainerSpec(
        name="occlusion-tf",
        summary="How much the score falls when a patch of the spectrogram is silenced.",
        citation="Zeiler & Fergus (2014), doi:10.1007/978-3-319-10590-1_53; captum",
        cost="one call per patch (about 280 for 10 s)",
        needs=(DifferentiableModel,),
        parameters=OcclusionTfParameters,
        factory=finished(OcclusionTf),
    ),
    ExplainerSpec(
        name="lime-tf",
        summary="Weighted ridge regression on a grid of cells of the spectrogram.",
        citation="Ribeiro et al. (2016), doi:10.1145/2939672.2939778; captum",
        cost="300 calls",
        needs=(DifferentiableModel,),
        parameters=LimeTfParameters,
        factory=finished(LimeTf),
    ),
]
