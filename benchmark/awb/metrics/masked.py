"""Fidelity of the masked audio: does the model still hear the target in the relevant part?

Conventions
-----------
`kept_cells` chooses the *kept* part of an explanation. The masked-in audio consists of the kept
cells only, the masked-out audio of all others. Every metric takes the target's probability of the
clip and of one of the two, and scores one instance; the board's mean over instances corresponds to
the published figures (there in percent). Differences within `tolerance` are float noise: they count
neither as an increase nor as a drop.

Nothing limits how much an explanation keeps, and a mask that keeps nearly everything loses nearly
nothing. `kept_share` reports how much it is, and `over_random` compares the explanation's mask with
the same mask moved to other times (`moved_masks`): as many segments, in runs of the same lengths,
so that only their position counts.

References
----------
Chattopadhay, A., Sarkar, A., Howlader, P., & Balasubramanian, V. N. (2018). Grad-CAM++: Generalized
gradient-based visual explanations for deep convolutional networks. WACV.
doi:10.1109/WACV.2018.00097
Zhang, H., Torres, F., Sicre, R., Avrithis, Y., & Ayache, S. (2024). Opti-CAM: Optimizing saliency
maps for interpretability. Computer Vision and Image Understanding 248. arXiv:2301.07002
Paissan, F., Ravanelli, M., & Subakan, C. (2024). Listenable maps for audio classifiers. ICML.
arXiv:2403.13086
Harms, K. E., Condit, R., Hubbell, S. P., & Foster, R. B. (2001). Habitat associations of trees and
shrubs in a 50-ha neotropical forest plot. Journal of Ecology 89(6). doi:10.2307/2679927 (Null
distribution by toroidal shifts.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, UndefinedScoreError
from awb.metrics.binarized import select
from awb.metrics.checks import probability_array
from awb.types import BoolArray

TOLERANCE = 1e-6
MOVED_MASKS = 8
"""Masks with which an explanation's own is compared; the times are the same for all explainers."""


def kept_cells(
    relevance: npt.ArrayLike, *, threshold: Literal["mean", "otsu"] = "mean"
) -> BoolArray:
    """Choose the cells that the masked-in audio keeps.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    threshold : {"mean", "otsu"}
        Cells above it are kept.

    Returns
    -------
    np.ndarray, shape=(n,), dtype=bool
        True = kept. This is the drop mask of the masked-out audio; its inverse is that of the
        masked-in audio.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    UndefinedScoreError
        If the mask is degenerate: a constant explanation points at nothing.

    Examples
    --------
    >>> kept_cells([0.0, 2.0, 0.0]).tolist()
    [False, True, False]
    """
    kept = select(relevance, threshold=threshold)
    if not kept.any():
        raise UndefinedScoreError("the relevance is constant: its mask keeps nothing")
    return kept


def kept_share(relevance: npt.ArrayLike) -> float:
    """Share of the cells that the masked-in audio keeps.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.

    Returns
    -------
    float
        In (0, 1), lower is more selective.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    UndefinedScoreError
        If it is constant.

    Examples
    --------
    >>> kept_share([1.0, 1.0, 1.0, 0.0])
    0.75
    """
    return float(kept_cells(relevance).mean())


def moved_masks(
    kept: npt.ArrayLike, rng: np.random.Generator, *, count: int = MOVED_MASKS
) -> BoolArray:
    """Move a mask to other times, around the ends of the clip.

    Parameters
    ----------
    kept : array_like, shape=(n,), dtype=bool
        The cells that an explanation keeps.
    rng : np.random.Generator
        Draws the times. Explanations of one clip are compared at the same times if they get
        generators in the same state.
    count : int
        Number of masks; in a clip with fewer other times, one for each.

    Returns
    -------
    np.ndarray, shape=(masks, n), dtype=bool
        Each keeps as many cells, in the same runs; none is moved by 0 cells.

    Raises
    ------
    ParameterError
        If the mask is not a boolean row of at least two cells.

    Examples
    --------
    >>> moved_masks([True, False], np.random.default_rng(0)).tolist()
    [[False, True]]
    """
    mask = np.asarray(kept)
    if mask.dtype != np.bool_ or mask.ndim != 1 or mask.size < 2:
        raise ParameterError(f"expected a boolean row; got {mask.dtype} of shape {mask.shape}")
    shifts = 1 + rng.permutation(mask.size - 1)[:count]
    return np.stack([np.roll(mask, shift) for shift in shifts])


def over_random(
    score: float, moved_scores: Sequence[float], *, higher_is_better: bool = True
) -> float:
    """Compare a score of the explanation's mask with the scores of moved masks.

    Parameters
    ----------
    score : float
        Score of the explanation's own mask.
    moved_scores : sequence of float
        Scores of the masks of `moved_masks`, at least one.
    higher_is_better : bool
        Direction of these scores.

    Returns
    -------
    float
        What the explanation's mask gains over the mean of the others; higher is better, 0 for a
        mask whose position does not matter.

    Raises
    ------
    ParameterError
        If there is no moved mask.

    Examples
    --------
    >>> over_random(0.1, [0.5, 0.7], higher_is_better=False)
    0.5
    """
    if len(moved_scores) == 0:
        raise ParameterError("there is no moved mask to compare with")
    gain = score - float(np.mean(moved_scores))
    return gain if higher_is_better else -gain


def _probabilities(clip: float, masked: float, tolerance: float) -> tuple[float, float]:
    """Validate two probabilities and the tolerance between them."""
    if not tolerance >= 0:
        raise ParameterError(f"a tolerance must not be negative: {tolerance}")
    first, second = probability_array([clip, masked])
    return float(first), float(second)


def average_increase(p_clip: float, p_masked_in: float, *, tolerance: float = TOLERANCE) -> float:
    """Say whether the masked-in audio sounds more like the target than the clip does (AI).

    Parameters
    ----------
    p_clip, p_masked_in : float
        Target's probability of the clip and of its kept cells alone.
    tolerance : float
        Smaller increases are ignored.

    Returns
    -------
    float
        1 or 0; higher is better. Its mean is the share of instances with an increase.

    Raises
    ------
    ParameterError
        If a value is not a probability, or the tolerance is negative.

    References
    ----------
    Chattopadhay, A., et al. (2018). Grad-CAM++. doi:10.1109/WACV.2018.00097

    Examples
    --------
    >>> average_increase(0.8, 0.9), average_increase(0.8, 0.8 + 1e-9)
    (1.0, 0.0)
    """
    clip, masked_in = _probabilities(p_clip, p_masked_in, tolerance)
    return float(masked_in - clip > tolerance)


def average_drop(p_clip: float, p_masked_in: float, *, tolerance: float = TOLERANCE) -> float:
    """Share of the probability that the masked-in audio loses (AD).

    Parameters
    ----------
    p_clip, p_masked_in : float
        Target's probability of the clip and of its kept cells alone.
    tolerance : float
        Smaller drops are ignored.

    Returns
    -------
    float
        In [0, 1], lower is better.

    Raises
    ------
    ParameterError
        If a value is not a probability, or the tolerance is negative.
    UndefinedScoreError
        If the clip's probability is 0: there is nothing to lose.

    References
    ----------
    Chattopadhay, A., et al. (2018). Grad-CAM++. doi:10.1109/WACV.2018.00097

    Examples
    --------
    >>> average_drop(0.5, 0.25)
    0.5
    """
    clip, masked_in = _probabilities(p_clip, p_masked_in, tolerance)
    if clip == 0:
        raise UndefinedScoreError("the target's probability is 0")
    drop = clip - masked_in
    return drop / clip if drop > tolerance else 0.0


def average_gain(p_clip: float, p_masked_in: float, *, tolerance: float = TOLERANCE) -> float:
    """Share of the missing probability that the masked-in audio gains (AG).

    Parameters
    ----------
    p_clip, p_masked_in : float
        Target's probability of the clip and of its kept cells alone.
    tolerance : float
        Smaller gains are ignored.

    Returns
    -------
    float
        In [0, 1], higher is better.

    Raises
    ------
    ParameterError
        If a value is not a probability, or the tolerance is negative.
    UndefinedScoreError
        If the clip's probability is 1: there is nothing to gain.

    References
    ----------
    Zhang, H., et al. (2024). Opti-CAM. arXiv:2301.07002

    Examples
    --------
    >>> average_gain(0.5, 0.75)
    0.5
    """
    clip, masked_in = _probabilities(p_clip, p_masked_in, tolerance)
    if clip == 1:
        raise UndefinedScoreError("the target's probability is 1")
    gain = masked_in - clip
    return gain / (1 - clip) if gain > tolerance else 0.0


def fid_in(
    p_clip: float, p_masked_in: float, *, threshold: float, tolerance: float = TOLERANCE
) -> float:
    """Say whether the model's decision is the same on the masked-in audio as on the clip (Fid-In).

    The published metric compares the top class. A tagger decides about each class independently, so
    here it is the decision about the target that must be the same: heard. Where the clip itself is
    not heard there is no such decision to keep, and silence would keep it best.

    Parameters
    ----------
    p_clip, p_masked_in : float
        Target's probability of the clip and of its kept cells alone.
    threshold : float
        Probability at or above which the target counts as heard: the model's own.
    tolerance : float
        A masked-in probability this close to the threshold counts as the same decision.

    Returns
    -------
    float
        1 or 0; higher is better. Its mean is the share of instances with the same decision.

    Raises
    ------
    ParameterError
        If a value is not a probability, or the tolerance is negative.
    UndefinedScoreError
        If the target is not heard in the clip.

    References
    ----------
    Paissan, F., Ravanelli, M., & Subakan, C. (2024). arXiv:2403.13086

    Examples
    --------
    >>> fid_in(0.9, 0.6, threshold=0.5), fid_in(0.9, 0.1, threshold=0.5)
    (1.0, 0.0)
    """
    clip, masked_in = _probabilities(p_clip, p_masked_in, tolerance)
    if clip < threshold - tolerance:
        raise UndefinedScoreError("the model does not hear the target in the clip")
    return float(masked_in >= threshold - tolerance)


def ff_masked(p_clip: float, p_masked: float, *, tolerance: float = TOLERANCE) -> float:
    """Loss of probability on the masked-in or the masked-out audio.

    Parameters
    ----------
    p_clip, p_masked : float
        Target's probability of the clip, and of one of the two masked versions.
    tolerance : float
        Smaller differences are 0.

    Returns
    -------
    float
        ``p_clip - p_masked`` in [-1, 1]. Higher is better on the masked-out audio (``ff-out``),
        lower on the masked-in audio (``ff-in``).

    Raises
    ------
    ParameterError
        If a value is not a probability, or the tolerance is negative.

    References
    ----------
    Paissan, F., Ravanelli, M., & Subakan, C. (2024). arXiv:2403.13086

    Examples
    --------
    >>> ff_masked(0.75, 0.25), ff_masked(0.75, 0.75 - 1e-9)
    (0.5, 0.0)
    """
    clip, masked = _probabilities(p_clip, p_masked, tolerance)
    loss = clip - masked
    return loss if abs(loss) > tolerance else 0.0
