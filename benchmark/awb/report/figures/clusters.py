"""Features of clips in two dimensions: principal components, coloured by class and by cluster.

References
----------
Hubert, L., & Arabie, P. (1985). Comparing partitions. Journal of Classification 2.
doi:10.1007/BF01908075 (The adjusted Rand index.)
Arthur, D., & Vassilvitskii, S. (2007). k-means++: the advantages of careful seeding. SODA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from awb.data.feature_table import FeatureTable
from awb.errors import DataError
from awb.intervals import FloatArray
from awb.report.figures.style import COLORS, new_figure, styled

_MARKS = "os^Dv"
_STARTS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Clips in two dimensions, and in as many clusters as there are classes.

    `names` are the classes (or the values of an attribute) of the clips.
    """

    table: FeatureTable
    names: tuple[str, ...]
    places: FloatArray  # shape=(clips, 2)
    explained: tuple[float, float]  # part of the variance along each axis
    clusters: tuple[int, ...]
    adjusted_rand: float  # 1: the clusters are the classes; 0: as by chance


def find_clusters(table: FeatureTable, by: str | None = None, seed: int = 0) -> Clusters:
    """Standardize the features, project them, and cluster them."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.metrics import adjusted_rand_score
    from sklearn.preprocessing import StandardScaler

    names = table.classes if by is None else _values(table, by)
    n_names = len(set(names))
    if n_names < 2 or len(names) <= n_names or len(names) < 3:
        kinds = "classes" if by is None else f"values of {by}"
        raise DataError(
            f"clusters need two {kinds} and more clips than these; found {n_names} among"
            f" {len(names)} clips"
        )
    scaled = StandardScaler().fit_transform(table.values)
    projection = PCA(n_components=2, random_state=seed)
    places = projection.fit_transform(scaled)
    found = KMeans(n_names, n_init=_STARTS, random_state=seed).fit_predict(scaled)
    first, second = (float(one) for one in projection.explained_variance_ratio_)
    rand = float(adjusted_rand_score(names, found))
    return Clusters(table, names, places, (first, second), tuple(map(int, found)), rand)


def _values(table: FeatureTable, by: str) -> tuple[str, ...]:
    """Return an attribute of each clip."""
    if by == "group":
        return table.groups
    if by not in table.attributes:
        known = ", ".join(("group", *table.attributes))
        raise DataError(f"the table has no attribute {by!r}; it has: {known}")
    return table.attributes[by]


@styled
def draw_clusters(found: Clusters) -> Any:
    """Draw the clips twice: coloured by class, and by cluster."""
    figure = new_figure(7.0, 3.4)
    numbers = [f"cluster {one + 1}" for one in found.clusters]
    title = f"k-means, adjusted Rand index {found.adjusted_rand:.2f}"
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    _scatter(left, found, found.names, f"{found.table.extractor}, {len(found.names)} clips")
    _scatter(right, found, numbers, title)
    left.set_ylabel(f"component 2 ({100 * found.explained[1]:.0f} % of the variance)")
    for axes in (left, right):
        axes.set_xlabel(f"component 1 ({100 * found.explained[0]:.0f} %)")
    return figure


def _scatter(axes: Any, found: Clusters, names: Sequence[str], title: str) -> None:
    kinds = sorted(set(names))
    array = np.asarray(names)
    for number, name in enumerate(kinds):
        chosen = found.places[array == name]
        axes.scatter(
            *chosen.T,
            s=12,
            alpha=0.8,
            linewidths=0,
            color=COLORS[number % len(COLORS)],
            marker=_MARKS[number // len(COLORS) % len(_MARKS)],
            label=f"{name or 'unknown'} ({len(chosen)})",
        )
    axes.set_title(title)
    columns = 1 + (len(kinds) - 1) // 8
    axes.legend(fontsize=7, ncols=min(columns, 3), handletextpad=0.2, columnspacing=0.8)
