"""A Bayesian linear model of the score: what masked clips have said so far, and how surely.

The score of a masked clip is taken to be a constant, plus the relevance of the kept segments, plus
noise (which stands for interactions). Relevance has a Gaussian process prior along time with an
exponential kernel, whose draws are rough enough for sounds that start and stop. Length scale, noise
and overall scale are those of the highest marginal likelihood.

References
----------
Rasmussen, C. E., & Williams, C. K. I. (2006). Gaussian Processes for Machine Learning, chapters 2,
4 and 5. MIT Press. doi:10.7551/mitpress/3206.001.0001
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from awb.intervals import FloatArray
from awb.types import BoolArray

LENGTHS_S = (0.1, 0.2, 0.5, 1.0)
_NOISE_RATIOS = np.logspace(-4, 1, 11)
_FREE = 1e3  # prior variance of the constant, in units of the largest prior variance of a score


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What is known of the relevance of the segments.

    Attributes
    ----------
    mean : np.ndarray, shape=(segments,)
        Expected relevance.
    covariance : np.ndarray, shape=(segments, segments)
        Of the error of the mean.
    noise : float
        Variance of a score that the relevance does not explain.
    """

    mean: FloatArray
    covariance: FloatArray
    noise: float

    @property
    def deviation(self) -> FloatArray:
        """Standard error of each segment's relevance, ``shape=(segments,)``."""
        return np.sqrt(np.clip(np.diagonal(self.covariance), 0.0, None))

    @property
    def sureness(self) -> float:
        """Expected squared correlation of the answer with the truth, in [0, 1].

        The variance of the mean along time over that variance plus the error's: 1 where nothing is
        left to learn, also where all segments are known to be alike.
        """
        error = float(np.mean(self.deviation**2))
        spread = float(np.var(self.mean))
        return spread / (spread + error) if error > 0 else 1.0


def believe(drop_masks: BoolArray, scores: FloatArray, hop_s: float) -> Belief:
    """Fit the model to what masked clips scored."""
    kept = (~drop_masks).astype(np.float64)
    n_segments = kept.shape[1]
    centred = scores - scores.mean()
    distance_s = hop_s * np.abs(np.subtract.outer(np.arange(n_segments), np.arange(n_segments)))
    best: tuple[float, FloatArray, float] | None = None
    for length_s in LENGTHS_S:
        prior = np.exp(-distance_s / length_s)
        misfit, ratio = _evidence(_sample_covariance(kept, prior), centred)
        if best is None or misfit < best[0]:
            best = misfit, prior, ratio
    if best is None or not np.ptp(scores) > 0:
        return Belief(np.zeros(n_segments), np.zeros((n_segments, n_segments)), 0.0)
    _, prior, ratio = best
    total = _sample_covariance(kept, prior) + ratio * np.eye(len(scores))
    reach = kept @ prior
    solved = np.linalg.solve(total, np.column_stack([centred, reach]))
    scale = float(centred @ solved[:, 0]) / len(scores)
    covariance = scale * (prior - reach.T @ solved[:, 1:])
    return Belief(reach.T @ solved[:, 0], covariance, scale * ratio)


def _sample_covariance(kept: FloatArray, prior: FloatArray) -> FloatArray:
    """Return the prior covariance of the scores, the free constant included, without noise."""
    covariance: FloatArray = kept @ prior @ kept.T
    return covariance + _FREE * max(1.0, float(covariance.max()))


def _evidence(covariance: FloatArray, centred: FloatArray) -> tuple[float, float]:
    """Return the lowest misfit (minus twice the log marginal likelihood) and its noise ratio."""
    power, basis = np.linalg.eigh(covariance)
    total = np.clip(power, 0.0, None) + _NOISE_RATIOS[:, np.newaxis]
    explained = np.mean((basis.T @ centred) ** 2 / total, axis=1)
    misfits = centred.size * np.log(np.maximum(explained, 1e-300)) + np.log(total).sum(axis=1)
    place = int(np.argmin(misfits))
    return float(misfits[place]), float(_NOISE_RATIOS[place])


def most_telling(
    belief: Belief, candidates: BoolArray, weights: FloatArray, count: int
) -> list[int]:
    """Choose the masks whose scores would lower the weighted uncertainty most."""
    kept = (~candidates).astype(np.float64)
    covariance = belief.covariance.copy()
    open_rows = np.ones(len(kept), dtype=bool)
    chosen: list[int] = []
    for _ in range(min(count, len(kept))):
        reach = kept @ covariance
        variance = np.maximum(np.einsum("ij,ij->i", reach, kept), 0.0) + belief.noise + 1e-12
        gain = np.where(open_rows, (reach**2 @ weights) / variance, -np.inf)
        row = int(np.argmax(gain))
        chosen.append(row)
        open_rows[row] = False
        covariance = covariance - np.outer(reach[row], reach[row]) / variance[row]
    return chosen
