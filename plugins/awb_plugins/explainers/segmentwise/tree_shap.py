"""TreeSHAP of trees on keep indicators, for the clip as it is.

Features that are 0 or 1 are split on at most once on the way to a leaf. So a leaf of value v adds
``v * (one_i - zero_i) * integral over t in [0, 1] of prod_{j != i} (one_j * t + zero_j * (1 - t))``
to segment i, where ``one`` says whether the clip goes that way at the split, and ``zero`` which
part of the training masks does. The integral is Shapley's weighting of all subsets, and
Gauss-Legendre quadrature gives it exactly, since it is one of a polynomial.

What a tree says of a coalition is also a game, without any training masks. Its Shapley values are
the same sum with another ``zero``: whether the clip with everything dropped goes that way.

References
----------
Lundberg, S. M., et al. (2020). From local explanations to global understanding with explainable AI
for trees. Nature Machine Intelligence 2. doi:10.1038/s42256-019-0138-9 (path-dependent and
interventional TreeSHAP)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from awb.intervals import FloatArray, IntArray


def forest_shap(forest: Any, n_segments: int) -> FloatArray:
    """Attribute a forest's prediction for "everything kept" to the segments."""
    total = np.zeros(n_segments)
    for estimator in forest.estimators_:
        total += tree_shap(estimator.tree_, n_segments)
    return total / len(forest.estimators_)


def boosted_shap(boosted: Any, n_segments: int) -> FloatArray:
    """Return the Shapley values of the game that boosted trees play on coalitions of segments."""
    total = np.zeros(n_segments)
    for (estimator,) in boosted.estimators_:
        total += tree_shap(estimator.tree_, n_segments, of_game=True)
    return float(boosted.learning_rate) * total


def tree_shap(tree: Any, n_segments: int, *, of_game: bool = False) -> FloatArray:
    """Attribute one tree's prediction for "everything kept" to the segments.

    What it is compared with is the mean over the training masks, or "everything dropped" if the
    values are those of the tree as a game.
    """
    leaves, features, one, zero = _paths(tree, of_game)
    depth = features.shape[1]
    nodes, weights = np.polynomial.legendre.leggauss(depth // 2 + 1)
    late = (nodes + 1.0) / 2.0
    factors = one[..., np.newaxis] * late + zero[..., np.newaxis] * (1.0 - late)
    without = factors.prod(axis=1, keepdims=True) / factors
    values = np.asarray(tree.value)[leaves, 0, 0]
    parts = values[:, np.newaxis] * (one - zero) * (without @ (weights / 2.0))
    found = np.bincount(features.ravel(), weights=parts.ravel(), minlength=n_segments)
    return found.astype(np.float64)


def _paths(tree: Any, of_game: bool) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """List the splits above each leaf, padded with splits that change nothing."""
    left, right = tree.children_left, tree.children_right
    cover, feature = tree.weighted_n_node_samples, tree.feature
    depth = max(1, tree.max_depth)
    features = np.zeros((tree.node_count, depth), dtype=np.int64)
    one, zero = np.ones((2, tree.node_count, depth))
    inner = np.flatnonzero(left[:1] >= 0)
    for level in range(tree.max_depth):
        for children, kept in ((left[inner], 0.0), (right[inner], 1.0)):
            for array in (features, one, zero):
                array[children] = array[inner]
            features[children, level] = feature[inner]
            one[children, level] = kept
            zero[children, level] = 1.0 - kept if of_game else cover[children] / cover[inner]
        below = np.concatenate([left[inner], right[inner]])
        inner = below[left[below] >= 0]
    leaves = np.flatnonzero(left < 0)
    return leaves, features[leaves], one[leaves], zero[leaves]
