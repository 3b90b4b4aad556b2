"""Metrics of maps once more, slowly: Quantus's formulas on the box, and plain loops over bands.

Quantus 0.5: ``RelevanceMassAccuracy`` is ``sum(a[s]) / sum(a)`` for positive attribution,
``RelevanceRankAccuracy`` the share of the ``k = sum(s)`` highest that lie in ``s``, and
``PointingGame`` asks whether the highest lies in ``s``.
"""

from __future__ import annotations

from itertools import pairwise

Grid = list[list[float]]


def edges(centers: list[float]) -> list[float]:
    """List the borders between neighbours, half-way, and as far outside at both ends."""
    inner = [(a + b) / 2 for a, b in pairwise(centers)]
    return [2 * centers[0] - inner[0], *inner, 2 * centers[-1] - inner[-1]]


def meet(first: float, second: float, low: float, high: float) -> bool:
    """Say whether two spans have more than a point in common, float noise aside."""
    return max(first, low) + 1e-7 < min(second, high)


def box(times: list[float], bins: list[float], boxes: list[tuple[float, ...]]) -> list[list[bool]]:
    """Mark the cells that have an area in common with a box."""
    at, hz = edges(times), edges(bins)
    return [
        [
            any(
                meet(at[i], at[i + 1], onset, offset) and meet(hz[j], hz[j + 1], low, high)
                for onset, offset, low, high in boxes
            )
            for j in range(len(bins))
        ]
        for i in range(len(times))
    ]


def quantus_mass(grid: Grid, inside: list[list[bool]]) -> float:
    """Sum what is positive inside the box, and everywhere."""
    within = total = 0.0
    for row, flags in zip(grid, inside, strict=True):
        for value, flag in zip(row, flags, strict=True):
            total += max(value, 0.0)
            within += max(value, 0.0) if flag else 0.0
    return within / total


def quantus_rank(grid: Grid, inside: list[list[bool]]) -> float:
    """Sort the cells, and count how many of the first k are in the box; without ties."""
    cells = [(v, f) for row, flags in zip(grid, inside, strict=True)
             for v, f in zip(row, flags, strict=True)]  # fmt: skip
    k = sum(flag for _, flag in cells)
    ranked = sorted(cells, key=lambda cell: -cell[0])[:k]
    return sum(flag for _, flag in ranked) / k


def quantus_pointing(grid: Grid, inside: list[list[bool]]) -> float:
    """Look at the highest cell; without ties."""
    _, flag = max((v, f) for row, flags in zip(grid, inside, strict=True)
                  for v, f in zip(row, flags, strict=True))  # fmt: skip
    return float(flag)


def iou(grid: Grid, inside: list[list[bool]]) -> float:
    """Compare the k highest cells with the box, k being its size; without ties."""
    hits = quantus_rank(grid, inside)
    size = sum(flag for flags in inside for flag in flags)
    return hits * size / (2 * size - hits * size)


def band_of(hz: float, band_edges: list[float]) -> int:
    """Find the band of a frequency."""
    last = len(band_edges) - 2
    return next(b for b in range(last + 1) if hz < band_edges[b + 1] or b == last)


def band_sums(grid: Grid, bins: list[float], band_edges: list[float]) -> list[float]:
    """Add every cell to its band."""
    sums = [0.0] * (len(band_edges) - 1)
    for row in grid:
        for value, hz in zip(row, bins, strict=True):
            sums[band_of(hz, band_edges)] += value
    return sums
