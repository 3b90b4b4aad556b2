"""Fidelity of the masked audio: does the model still hear the target in the relevant part?

Conventions
-----------
`kept_cells` chooses the *kept* part of an explanation. The masked-in audio consists of the kept
cells only, the masked-out audio of all others. Every metric takes the target's probability of the
clip and of one of the two, and scores one instance; the board's mean over instances corresponds to
the published figures (there in percent). Differences within `tolerance` are float noise: they count
neither as an increase nor as a drop.

References
----------
Chattopadhay, A., Sarkar, A., Howlader, P., & Balasubramanian, V. N. (2018). Grad-CAM++: Generalized
gradient-based visual explanations for deep convolutional networks. WACV.
doi:10.1109/WACV.2018.00097
Zhang, H., Torres, F., Sicre, R., Avrithis, Y., & Ayache, S. (2024). Opti-CAM: Optimizing saliency
maps for interpretability. Computer Vision and Image Understanding 248. arXiv:2301.07002
Paissan, F., Ravanelli, M., & Subakan, C. (2024). Listenable maps for audio classifiers. ICML.
arXiv:2403.13086
"""

from __future__ import annotations

from typing import Literal

import numpy.typing as npt

from awb.errors import ParameterError, UndefinedScoreError
from awb.metrics.binarized import select
from awb.metrics.checks import probability_array
from awb.types import BoolArray

TOLERANCE = 1e-6


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
    p_clip: float, p_masked_in: float, *, threshold: float = 0.5, tolerance: float = TOLERANCE
) -> float:
    """Say whether the model's decision is the same on the masked-in audio as on the clip (Fid-In).

    The published metric compares the top class. A tagger decides about each class independently, so
    here it is the decision about the target that must be the same.

    Parameters
    ----------
    p_clip, p_masked_in : float
        Target's probability of the clip and of its kept cells alone.
    threshold : float
        Probability at or above which the target counts as heard.
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

    References
    ----------
    Paissan, F., Ravanelli, M., & Subakan, C. (2024). arXiv:2403.13086

    Examples
    --------
    >>> fid_in(0.9, 0.6), fid_in(0.9, 0.1)
    (1.0, 0.0)
    """
    clip, masked_in = _probabilities(p_clip, p_masked_in, tolerance)
    heard = clip >= threshold
    reached = masked_in >= threshold - tolerance if heard else masked_in < threshold + tolerance
    return float(reached)


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
