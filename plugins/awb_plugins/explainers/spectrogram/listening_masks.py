"""From a relevance map to a mask of what to keep: four families.

References
----------
Paissan, F., Ravanelli, M., & Subakan, C. (2024). Listenable maps for audio classifiers. ICML.
arXiv:2403.13086
Parekh, J., et al. (2022). Listen to interpret: post-hoc interpretability for audio networks with
NMF. NeurIPS. arXiv:2202.11479
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray

Family = Literal["binary", "min-max", "sigmoid", "top-k"]
Part = Literal["positive", "signed"]

_ALL, _NOTHING = 1.0 - 1e-6, 1e-6


def mask_of(
    relevance_map: npt.ArrayLike, *, family: Family, level: float, part: Part
) -> FloatArray:
    """Turn a relevance map into a mask.

    Parameters
    ----------
    relevance_map : array_like, shape=(frames, bins)
        Signed relevance.
    family : str
        ``binary`` keeps what lies above `level` after min-max scaling; ``min-max`` is that scaling
        itself; ``sigmoid`` the logistic function of the standardized map; ``top-k`` keeps the part
        `level` of all points that is most relevant, of positive relevance no more than there are.
    level : float
        Threshold or part in (0, 1); not used by the other two.
    part : str
        ``positive`` sets negative relevance to zero first; ``signed`` leaves it.

    Returns
    -------
    np.ndarray, shape=(frames, bins)
        How much of each point is kept, in [0, 1]. A constant map keeps nothing.

    Raises
    ------
    ParameterError
        If the level is out of range or the family unknown.

    Examples
    --------
    >>> mask_of([[0.0, 1.0], [4.0, -2.0]], family="top-k", level=0.25, part="signed").tolist()
    [[0.0, 0.0], [1.0, 0.0]]
    """
    if not 0 < level < 1:
        raise ParameterError(f"the level of a mask must lie between 0 and 1: {level:g}")
    grid = np.asarray(relevance_map, dtype=np.float64)
    grid = np.maximum(grid, 0.0) if part == "positive" else grid
    spread = float(np.ptp(grid))
    if not spread > 0:
        return np.zeros_like(grid)
    scaled: FloatArray = (grid - grid.min()) / spread
    if family == "min-max":
        return scaled
    if family == "binary":
        return (scaled > level).astype(np.float64)
    if family == "sigmoid":
        logistic: FloatArray = 1.0 / (1.0 + np.exp(-(grid - grid.mean()) / grid.std()))
        return logistic
    if family == "top-k":
        keep = max(1, round(level * grid.size))
        mask = np.zeros(grid.size)
        mask[np.argsort(-grid.ravel(), kind="stable")[:keep]] = 1.0
        found = mask.reshape(grid.shape)
        # Points without evidence are all alike: those written first would be kept.
        return np.where(grid > 0, found, 0.0) if part == "positive" else found
    raise ParameterError(f"unknown family of masks {family!r}")


def degenerate(mask: FloatArray) -> str:
    """Say why a mask shows nothing about the explanation.

    Parameters
    ----------
    mask : np.ndarray, shape=(frames, bins)
        How much of each point is kept, in [0, 1].

    Returns
    -------
    str
        ``keeps everything``, ``keeps nothing``, or the empty string for a mask that is sound.
    """
    if mask.max() <= _NOTHING:
        return "keeps nothing"
    return "keeps everything" if mask.min() >= _ALL else ""
