"""Splits by group, and the refusal of those that leak.

A model that has heard a speaker, a room or a recording in training knows it again in the test, and
so does one that was trained on an augmented copy of a test clip. Accuracies measured on such a
split say little of unseen sounds. So groups are divided, never clips; copies are made after the
split; and every split, whoever made it, is checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from awb.errors import SplitError
from awb_plugins.training.examples import Examples

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_SHARE = 0.15
_MOST_NAMED = 3


def split_by_group(groups: Sequence[str], rng: np.random.Generator) -> dict[str, list[int]]:
    """Divide examples into train, validation and test, whole groups at a time.

    Examples
    --------
    >>> parts = split_by_group(["a", "a", "b", "c", "c"], np.random.default_rng(0))
    >>> sorted(len(rows) for rows in parts.values())
    [1, 2, 2]
    """
    names = sorted(set(groups))
    if len(names) < 3:
        raise SplitError(
            f"a split by group needs three groups at least, found {len(names)}: {_named(names)}."
            " Name parts of your own with --validation and --test"
        )
    order = [names[index] for index in rng.permutation(len(names))]
    members = {name: [row for row, group in enumerate(groups) if group == name] for name in names}
    parts: dict[str, list[int]] = {TRAIN: [], VALIDATION: [], TEST: []}
    for part, spared in ((VALIDATION, 2), (TEST, 1)):
        wanted = _SHARE * len(groups)
        while len(order) > spared:
            after = len(parts[part]) + len(members[order[-1]]) / 2
            if parts[part] and after > wanted:
                break
            parts[part] += members[order.pop()]
    parts[TRAIN] = [row for name in order for row in members[name]]
    return {part: sorted(rows) for part, rows in parts.items()}


def check_split(parts: Mapping[str, Examples]) -> None:
    """Refuse a split in which something crosses over from one part to another."""
    leaks = []
    for (one, first), (other, second) in combinations(parts.items(), 2):
        where = f"in {one} and {other}"
        same = set(first.hashes) & set(second.hashes)
        heard = [
            [name for name, key in zip(part.ids, part.hashes, strict=True) if key in same]
            for part in (first, second)
        ]
        shared = sorted(set(first.groups) & set(second.groups) - {""})
        if same:
            leaks.append(
                f"{len(same)} clips are {where}, as themselves or as augmented copies"
                f" ({_named(heard[0])}; {_named(heard[1])})"
            )
        if shared:
            leaks.append(f"{'groups' if len(shared) > 1 else 'group'} {_named(shared)} {where}")
    if leaks:
        raise SplitError(
            f"the split leaks: {'; '.join(leaks)}. A group (speaker, actor, fold, recording) and"
            " all copies of a clip belong to one part: split by group first, augment afterwards"
        )


def _named(names: Sequence[str]) -> str:
    """Name the first few of many."""
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
