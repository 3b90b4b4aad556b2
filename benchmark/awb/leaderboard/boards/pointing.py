"""False alarms: at which labelled sound does an explanation point?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from awb.harness.selection.manifest import Kept
from awb.intervals import FloatArray, union

Place = tuple[str, str]
"""Clip and target."""

_LEAST_S = 1e-6
"""Shortest last cell: at a model's rate, a clip may be longer by less than a sample."""


@dataclass(frozen=True, slots=True)
class PointedAt:
    """One labelled sound at which explanations of false alarms of a class point."""

    heard: str  # the class that the model hears
    times: int  # how often: instances
    label: str  # the labelled sound with the largest share of the positive relevance
    explanations: int  # that point at it
    of: int  # explanations of this class that point anywhere
    share: float  # of the positive relevance on the label's events, mean over `explanations`
    chance: float  # the same for relevance that is the same everywhere


def label_shares(relevance: FloatArray, kept: Kept, hop_s: float) -> list[tuple[str, float, float]]:
    """List the labels of a clip with their share of the positive relevance, the largest first.

    With each comes the share of constant relevance. The list is empty if no relevance is positive.
    """
    positive = np.maximum(relevance, 0.0)
    if not positive.any():
        return []
    positive = positive / positive.max()
    edges_s = np.append(np.arange(relevance.size) * hop_s, kept.duration_s)
    found = []
    for label in sorted({one[0] for one in kept.others}):
        inside = np.zeros(relevance.size)
        spans = [(onset_s, offset_s) for name, onset_s, offset_s in kept.others if name == label]
        for onset_s, offset_s in union(spans):
            common = np.minimum(edges_s[1:], offset_s) - np.maximum(edges_s[:-1], onset_s)
            inside += np.clip(common, 0.0, None)
        covered = np.clip(inside / np.maximum(np.diff(edges_s), _LEAST_S), 0.0, 1.0)
        share = float((positive * covered).sum() / positive.sum())
        found.append((label, share, float(covered.mean())))
    return sorted(found, key=lambda one: -one[1])


def pointed_at(
    kept: Iterable[Kept],
    relevances: Mapping[Place, Mapping[str, FloatArray]],
    hop_s: float,
    *,
    without: frozenset[str] = frozenset(),
) -> tuple[PointedAt, ...]:
    """Summarize where explanations of false alarms point, by the class that was heard.

    `without` are the explainers that do not count: the baselines.
    """
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    times: Counter[str] = Counter()
    for one in kept:
        times[one.target] += 1
        for name, relevance in relevances.get((one.clip_id, one.target), {}).items():
            shares = label_shares(relevance, one, hop_s)
            if shares and not {name, name.rpartition("@")[0]} & without:
                label, share, chance = shares[0]
                found.setdefault((one.target, label), []).append((share, chance))
    totals: Counter[str] = Counter()
    for (heard, _), values in found.items():
        totals[heard] += len(values)
    rows = [
        PointedAt(heard, times[heard], label, len(values), totals[heard], *np.mean(values, axis=0))
        for (heard, label), values in found.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.times, row.heard, -row.explanations)))


POINTING = "False alarms: where do they point?"

HEADER = ("heard", "times", "points at", "explanations", "share", "chance")

READING = (
    "False alarms: times the class was heard where nobody labelled it; points at the labelled sound"
    " that has the largest share of the positive relevance, with that share, and what the same"
    " relevance everywhere would give it. Baselines are not counted."
)


def pointing_rows(rows: Sequence[PointedAt]) -> list[list[str]]:
    """Write the table's cells; a class is named in its first row only."""
    texts, last = [], ""
    for row in rows:
        head = [row.heard, str(row.times)] if row.heard != last else ["", ""]
        last = row.heard
        counts = f"{row.explanations} of {row.of}"
        texts.append([*head, row.label, counts, f"{row.share:.2f}", f"{row.chance:.2f}"])
    return texts
