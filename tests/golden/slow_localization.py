"""Localization metrics once more, slowly: plain loops over plain lists, nothing from awb.

Each follows the sentence that defines the metric, by another route than awb takes: pairs instead of
ranks, every way of breaking ties instead of a formula, variance within instead of between groups.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from math import inf, log2


def counted(relevance: list[float], labels: list[int]) -> tuple[list[float], list[bool]]:
    """Leave out what is ignored."""
    kept = [index for index, label in enumerate(labels) if label != -1]
    return [relevance[index] for index in kept], [labels[index] == 1 for index in kept]


def has_both(labels: list[int]) -> bool:
    """Say whether there is something inside and something outside."""
    return 1 in labels and 0 in labels


def roc_auc(relevance: list[float], labels: list[int]) -> float:
    """Count the pairs won, ties as half a win."""
    values, inside = counted(relevance, labels)
    won = pairs = 0.0
    for value, is_inside in zip(values, inside, strict=True):
        for other, other_inside in zip(values, inside, strict=True):
            if is_inside and not other_inside:
                pairs += 1
                won += 1.0 if value > other else 0.5 if value == other else 0.0
    return won / pairs


def ndcg(relevance: list[float], labels: list[int]) -> float:
    """Average the gain over every order that breaks the ties; tied cells take each rank alike."""
    values, inside = counted(relevance, labels)
    gain = best = 0.0
    for value, is_inside in zip(values, inside, strict=True):
        above, tied = sum(one > value for one in values), values.count(value)
        ranks = range(above + 1, above + tied + 1)
        gain += is_inside * sum(1 / log2(1 + rank) for rank in ranks) / tied
    for rank in range(1, sum(inside) + 1):
        best += 1 / log2(1 + rank)
    return gain / best


def average_precision(relevance: list[float], labels: list[int]) -> float:
    """Walk down the thresholds."""
    values, inside = counted(relevance, labels)
    total, last_recall = 0.0, 0.0
    for threshold in sorted(set(values), reverse=True):
        chosen = [flag for value, flag in zip(values, inside, strict=True) if value >= threshold]
        recall = sum(chosen) / sum(inside)
        total += (recall - last_recall) * sum(chosen) / len(chosen)
        last_recall = recall
    return total


def class_contrast(
    relevance: list[float], coverage: list[float], others: list[float]
) -> float | None:
    """Count the pairs of a cell of the target alone and one of another sound alone."""
    targets, distractors = [], []
    for value, own, other in zip(relevance, coverage, others, strict=True):
        if own > 0.9 and other == 0:
            targets.append(value)
        elif other > 0.9 and own == 0:
            distractors.append(value)
    pairs = [(one, two) for one in targets for two in distractors]
    won = sum(1.0 if one > two else 0.5 if one == two else 0.0 for one, two in pairs)
    return won / len(pairs) if pairs else None


def pointing_game(relevance: list[float], labels: list[int]) -> float:
    """Look at every cell that ties for the peak."""
    values, inside = counted(relevance, labels)
    peak = [flag for value, flag in zip(values, inside, strict=True) if value == max(values)]
    return sum(peak) / len(peak)


def mass_accuracy(relevance: list[float], labels: list[int]) -> float | None:
    """Sum up what is positive."""
    values, inside = counted(relevance, labels)
    total = within = 0.0
    for value, flag in zip(values, inside, strict=True):
        if value > 0:
            total += value
            within += value if flag else 0.0
    return within / total if total else None


def top_choices(values: list[float], count: int) -> list[set[int]]:
    """List every set of `count` cells that could be called the most relevant."""
    last = sorted(values, reverse=True)[count - 1]
    above = {index for index, value in enumerate(values) if value > last}
    tied = [index for index, value in enumerate(values) if value == last]
    return [above | set(rest) for rest in combinations(tied, count - len(above))]


def mean_hits(values: list[float], inside: list[bool]) -> float:
    """Average, over every way of breaking ties, how many chosen cells are inside."""
    choices = top_choices(values, sum(inside))
    return sum(sum(inside[index] for index in choice) for choice in choices) / len(choices)


def rank_accuracy(relevance: list[float], labels: list[int]) -> float:
    """Average over every way of breaking ties."""
    values, inside = counted(relevance, labels)
    return mean_hits(values, inside) / sum(inside)


def otsu_threshold(values: list[float]) -> float:
    """Try every split and keep the one with the least variance within."""

    def scatter(group: list[float]) -> float:
        mean = sum(group) / len(group)
        return sum((value - mean) ** 2 for value in group)

    best, threshold = inf, max(values)
    for candidate in sorted(set(values))[:-1]:
        lower = [value for value in values if value <= candidate]
        upper = [value for value in values if value > candidate]
        within = scatter(lower) + scatter(upper)
        if within < best - 1e-9 * scatter(values):
            best, threshold = within, candidate
    return threshold


def overlap(relevance: list[float], labels: list[int], threshold: str) -> tuple[float, float, int]:
    """Count hits, chosen cells, and cells inside."""
    values, inside = counted(relevance, labels)
    if threshold == "annotated":
        return mean_hits(values, inside), float(sum(inside)), sum(inside)
    if threshold == "mean":
        cut = max(sum(relevance) / len(relevance), min(relevance))
    else:
        cut = otsu_threshold(relevance)
    chosen = [flag for value, flag in zip(values, inside, strict=True) if value > cut]
    return float(sum(chosen)), float(len(chosen)), sum(inside)


def iou(relevance: list[float], labels: list[int], threshold: str) -> float:
    """Intersection over union."""
    hits, chosen, inside = overlap(relevance, labels, threshold)
    return hits / (chosen + inside - hits)


def f1(relevance: list[float], labels: list[int], threshold: str) -> float:
    """Harmonic mean of precision and recall, as it is written in books."""
    hits, chosen, inside = overlap(relevance, labels, threshold)
    if hits == 0:
        return 0.0
    precision, recall = hits / chosen, hits / inside
    return 2 * precision * recall / (precision + recall)


def event_margin(relevance: list[float], event_coverage: list[list[float]]) -> float | None:
    """Look at every cell of every event."""
    peaks = []
    for row in event_coverage:
        own = [value for value, part in zip(relevance, row, strict=True) if part > 0]
        peaks.append(max(0.0, max(own)))
    columns = zip(*event_coverage, strict=True)
    outside = [value for value, parts in zip(relevance, columns, strict=True) if not any(parts)]
    if not outside or max(relevance) <= 0:
        return None
    return (min(peaks) - max(0.0, max(outside))) / max(relevance)


def event_rank_margin(relevance: list[float], event_coverage: list[list[float]]) -> float | None:
    """Compare every event's peak with the peak of every equally long stretch outside."""
    taken = [any(parts) for parts in zip(*event_coverage, strict=True)]
    margins = []
    for row in event_coverage:
        own = [value for value, part in zip(relevance, row, strict=True) if part > 0]
        starts = range(len(relevance) - len(own) + 1)
        free = [start for start in starts if not any(taken[start : start + len(own)])]
        if not free:
            return None
        peaks = [max(relevance[start : start + len(own)]) for start in free]
        won = sum((max(own) > peak) - (max(own) < peak) for peak in peaks)
        margins.append(won / len(peaks))
    return min(margins)


def iou_area(relevance: list[float], labels: list[int]) -> float:
    """Take one cell after another, each tied cell with the share of hits among its equals."""
    values, inside = counted(relevance, labels)
    shares = {
        value: [flag for other, flag in zip(values, inside, strict=True) if other == value]
        for value in values
    }
    total, hits, best = 0.0, 0.0, 0.0
    for taken, value in enumerate(sorted(values, reverse=True), start=1):
        hits += sum(shares[value]) / len(shares[value])
        total += hits / (taken + sum(inside) - hits)
        best += min(taken, sum(inside)) / max(taken, sum(inside))
    return total / best


def event_recall(relevance: list[float], event_coverage: list[list[float]], k: int) -> float:
    """Average over every way of breaking ties."""
    choices = top_choices(relevance, min(k, len(relevance)))
    found = sum(any(row[i] > 0 for i in choice) for choice in choices for row in event_coverage)
    return found / len(choices) / len(event_coverage)


def psds(
    relevance: list[float],
    edges_s: list[float],
    intervals_s: list[tuple[float, float]],
    dtc: float,
    gtc: float,
    limit: float,
) -> float:
    """Detect at every threshold, judge every detection, then integrate the best so far."""
    points = []
    for threshold in set(relevance):
        detections: list[list[float]] = []
        for index, value in enumerate(relevance):
            if value < threshold:
                continue
            if detections and detections[-1][1] == edges_s[index]:
                detections[-1][1] = edges_s[index + 1]
            else:
                detections.append([edges_s[index], edges_s[index + 1]])
        valid, alarms = [], 0
        for onset, offset in detections:
            common = sum(max(0.0, min(offset, b) - max(onset, a)) for a, b in intervals_s)
            if common / (offset - onset) >= dtc - 1e-7:
                valid.append((onset, offset))
            else:
                alarms += 1
        found = 0
        for onset, offset in intervals_s:
            common = sum(max(0.0, min(offset, b) - max(onset, a)) for a, b in valid)
            found += common / (offset - onset) >= gtc - 1e-7
        rate = alarms / (edges_s[-1] - edges_s[0]) * 3600
        points.append((rate, found / len(intervals_s)))
    rates = sorted({rate for rate, _ in points if rate < limit} | {limit})
    area = 0.0
    for left, right in pairwise(rates):
        area += (right - left) * max(gain for rate, gain in points if rate <= left)
    return area / limit
