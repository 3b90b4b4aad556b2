"""Fidelity, complexity and rank statistics once more, slowly: plain loops, nothing from awb."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise, permutations, product
from math import log, sqrt


def area(curve: list[float]) -> float:
    """Add up trapezoids."""
    width = 1 / (len(curve) - 1)
    return sum(width * (left + right) / 2 for left, right in pairwise(curve))


def top_count(n: int, percent: int) -> int:
    """Round ``percent * n / 100`` up, in whole numbers."""
    return -((-percent * n) // 100)


def ff(curve: list[float], percent: int) -> float:
    """Read the curve at the top so many percent."""
    return curve[0] - curve[top_count(len(curve) - 1, percent)]


def monotonicity(curve: list[float]) -> float:
    """Walk the deletion curve from its end and count the steps that do not fall."""
    kept = 0
    for index in range(len(curve) - 1, 0, -1):
        kept += curve[index - 1] >= curve[index] - 1e-6
    return kept / (len(curve) - 1)


def curves(
    probability: Callable[[frozenset[int]], float], order: list[int]
) -> tuple[list[float], list[float]]:
    """Ask for the target's probability with each kept set along an order: drop it, and keep it."""
    n = len(order)
    deletion = [probability(frozenset(order[count:])) for count in range(n + 1)]
    insertion = [probability(frozenset(order[:count])) for count in range(n + 1)]
    return deletion, insertion


def mean_area(probability: Callable[[frozenset[int]], float], n: int) -> float:
    """Average the deletion area over all orders."""
    areas = [area(curves(probability, list(order))[0]) for order in permutations(range(n))]
    return sum(areas) / len(areas)


def srg(probability: Callable[[frozenset[int]], float], order: list[int]) -> float:
    """Drop the least relevant first, then the most relevant first, and subtract the areas."""
    least_first = curves(probability, order[::-1])[0]
    most_first = curves(probability, order)[0]
    return area(least_first) - area(most_first)


def gain(own: float, random: float, best: float) -> float:
    """Place an area on the scale from a random order to the best one, at most 1 to either side."""
    return max(-1.0, min(1.0, (own - random) / (best - random)))


def gini(relevance: list[float]) -> float | None:
    """Mean absolute difference of every two magnitudes, over twice their mean."""
    sizes = [abs(value) for value in relevance]
    if not any(sizes):
        return None
    gaps = sum(abs(one - other) for one in sizes for other in sizes)
    return gaps / (2 * len(sizes) * sum(sizes))


def entropy(relevance: list[float]) -> float | None:
    """Sum up ``-p ln p``."""
    total = sum(abs(value) for value in relevance)
    if not total:
        return None
    shares = [abs(value) / total for value in relevance]
    return -sum(share * log(share) for share in shares if share > 0)


def pearson(first: list[float], second: list[float]) -> float | None:
    """Correlate two rows."""
    mean_first, mean_second = sum(first) / len(first), sum(second) / len(second)
    cross = sum((a - mean_first) * (b - mean_second) for a, b in zip(first, second, strict=True))
    own = sum((a - mean_first) ** 2 for a in first) * sum((b - mean_second) ** 2 for b in second)
    return cross / sqrt(own) if own > 1e-18 else None


def dropped_sums(relevance: list[float], masks: list[list[bool]]) -> list[float]:
    """Sum up the relevance that each mask drops."""
    return [sum(r for r, drop in zip(relevance, mask, strict=True) if drop) for mask in masks]


def infidelity(relevance: list[float], masks: list[list[bool]], drops: list[float]) -> float:
    """Mean squared error at the given scale."""
    sums = dropped_sums(relevance, masks)
    return sum((a - b) ** 2 for a, b in zip(sums, drops, strict=True)) / len(drops)


def centred_within_sizes(values: list[float], masks: list[list[bool]]) -> list[float]:
    """Subtract, from each value, the mean over the masks that drop as many cells."""
    centred = []
    for value, mask in zip(values, masks, strict=True):
        alike = [v for v, m in zip(values, masks, strict=True) if sum(m) == sum(mask)]
        centred.append(value - sum(alike) / len(alike))
    return centred


def centred_infidelity(
    relevance: list[float], masks: list[list[bool]], drops: list[float]
) -> float:
    """Mean squared error at the given scale, both sides centred within each size."""
    sums = centred_within_sizes(dropped_sums(relevance, masks), masks)
    lost = centred_within_sizes(drops, masks)
    return sum((a - b) ** 2 for a, b in zip(sums, lost, strict=True)) / len(lost)


def ranks(values: list[float]) -> list[float]:
    """Rank with ties sharing the mean of their places."""
    return [
        sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2
        for value in values
    ]


def kendall_tau(first: list[float], second: list[float]) -> float | None:
    """Count the pairs in and out of order."""
    agreeing = untied_first = untied_second = 0
    for one, other in combinations(range(len(first)), 2):
        a, b = first[one] - first[other], second[one] - second[other]
        agreeing += ((a > 0) - (a < 0)) * ((b > 0) - (b < 0))
        untied_first += a != 0
        untied_second += b != 0
    return agreeing / sqrt(untied_first * untied_second) if untied_first * untied_second else None


def wilcoxon_p_value(differences: list[float]) -> float:
    """Try every pattern of signs: exact for differences of distinct size, none of them 0."""
    places = ranks([abs(difference) for difference in differences])
    seen = sum(p for p, d in zip(places, differences, strict=True) if d > 0)
    centre = sum(places) / 2
    sums = [
        sum(place for place, sign in zip(places, signs, strict=True) if sign)
        for signs in product((0, 1), repeat=len(places))
    ]
    return sum(abs(total - centre) >= abs(seen - centre) for total in sums) / len(sums)


def holm(p_values: list[float]) -> list[float]:
    """Adjust each p-value by the worst of the steps that come before it."""
    ordered = sorted(p_values)
    adjusted = []
    for p_value in p_values:
        place = ordered.index(p_value)
        steps = [ordered[step] * (len(ordered) - step) for step in range(place + 1)]
        adjusted.append(min(1.0, max(steps)))
    return adjusted
