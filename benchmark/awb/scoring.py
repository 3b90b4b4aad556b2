"""What a metric gets to see of one explanation: relevance, labels, and the model's answers."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from awb.intervals import FloatArray
from awb.metrics.fidelity import deletion_order
from awb.perturbation import Perturber
from awb.randomness import RandomKey
from awb.segments import LabelArray, labels_from_coverage


class Scoring:
    """One explanation, ready to be scored; what is costly is computed once, when asked for.

    Parameters
    ----------
    relevance : np.ndarray, shape=(cells,)
        Relevance on the grid of cells.
    coverage : np.ndarray, shape=(cells,)
        Part of each cell inside the target's events.
    perturber : Perturber
        Door to the model, with segments that are cells.
    rng_key : RandomKey
        Path of the instance and explainer.
    """

    def __init__(
        self,
        relevance: FloatArray,
        coverage: FloatArray,
        perturber: Perturber,
        rng_key: RandomKey,
    ) -> None:
        self.relevance = relevance
        self.coverage = coverage
        self.perturber = perturber
        self._rng_key = rng_key

    @cached_property
    def labels(self) -> LabelArray:
        """Relaxed labels of the cells: 1, 0, or -1 for ignored."""
        return labels_from_coverage(self.coverage)

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator of one purpose, the same in every run."""
        return self._rng_key.generator(purpose)

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """Cells from most to least relevant, ties broken by a seeded permutation."""
        return deletion_order(self.relevance, self.rng("ties"))

    @cached_property
    def deletion_curve(self) -> FloatArray:
        """Target's probability after dropping the top 0, 1, ..., n cells, ``shape=(n + 1,)``."""
        n_cells = self.relevance.size
        rank = np.empty(n_cells, dtype=np.int64)
        rank[self.order] = np.arange(n_cells)
        drop_masks = rank[np.newaxis, :] < np.arange(n_cells + 1)[:, np.newaxis]
        return np.asarray(expit(self.perturber.scores(drop_masks)))
