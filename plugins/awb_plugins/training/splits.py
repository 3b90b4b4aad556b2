"""Splits by group, and the refusal of those that leak.

A model that has heard a speaker, a room or a recording in training knows it again in the test, and
so does one that was trained on an augmented copy of a test clip. Accuracies measured on such a
split say little of unseen sounds. So groups are divided, never clips; copies are made after the
split; and every split, whoever made it, is checked.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations

import numpy as np

from awb.errors import SplitError
from awb_plugins.training.examples import Examples

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_SHARE = 0.15
_FOLDS = 7  # a part is one of these: 14 %
_TRIES = 3
_MOST_NAMED = 3


def split_by_group(
    groups: Sequence[str],
    rng: np.random.Generator,
    classes: Sequence[frozenset[str]] | None = None,
) -> dict[str, list[int]]:
    """Divide examples into train, validation and test, whole groups at a time.

    Given the classes of each example, the parts have them in equal shares as far as groups allow:
    every class is trained on, and as many as possible are in the other parts.

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
    found = classes or [frozenset[str]()] * len(groups)
    candidates = [
        candidate
        for folds in _foldings(groups, found, min(_FOLDS, len(names)), rng)
        for candidate in _candidates(folds, found)
    ]
    chosen = min(candidates, key=lambda one: one[0])[1]
    _require_all_in_training(groups, found, chosen)
    return chosen


def _foldings(
    groups: Sequence[str],
    classes: Sequence[frozenset[str]],
    n_folds: int,
    rng: np.random.Generator,
) -> Iterator[list[list[int]]]:
    """Divide examples into folds, in several ways; clips of the same classes are a stratum."""
    from sklearn.model_selection import StratifiedGroupKFold

    strata = ["+".join(sorted(one)) for one in classes]
    if max(Counter(strata).values()) < n_folds:
        strata = [""] * len(strata)
    for seed in rng.integers(2**31, size=_TRIES):
        folding = StratifiedGroupKFold(n_folds, shuffle=True, random_state=int(seed))
        with warnings.catch_warnings():  # of strata smaller than the number of folds
            warnings.simplefilter("ignore", UserWarning)
            split = folding.split(np.zeros(len(groups)), strata, groups)
            folds = [[int(row) for row in rows] for _, rows in split]
        yield [folds[place] for place in rng.permutation(n_folds)]


def _candidates(
    folds: Sequence[list[int]], classes: Sequence[frozenset[str]]
) -> Iterator[tuple[tuple[float, ...], dict[str, list[int]]]]:
    """List ways to make parts of folds, each with what is wrong with it, the worst first."""
    inside = [frozenset[str]().union(*(classes[row] for row in fold)) for fold in folds]
    whole = frozenset[str]().union(*inside)
    n_rows = len(classes)
    for first, second in permutations([place for place, fold in enumerate(folds) if fold], 2):
        others = [place for place in range(len(folds)) if place not in (first, second)]
        trained = frozenset[str]().union(*(inside[place] for place in others))
        rows = sorted(row for place in others for row in folds[place])
        if not rows:
            continue
        unheard = len(whole - inside[first]) + len(whole - inside[second])
        shares = [len(folds[place]) / n_rows - _SHARE for place in (first, second)]
        worth = (len(whole - trained), unheard, sum(map(abs, shares)))
        yield worth, {TRAIN: rows, VALIDATION: sorted(folds[first]), TEST: sorted(folds[second])}


def _require_all_in_training(
    groups: Sequence[str],
    classes: Sequence[frozenset[str]],
    parts: Mapping[str, Sequence[int]],
) -> None:
    """Refuse a split that leaves a class out of training."""
    trained = frozenset[str]().union(*(classes[row] for row in parts[TRAIN]))
    for name in sorted(frozenset[str]().union(*classes) - trained):
        own = _told(name, groups, classes)
        raise SplitError(
            f"a split by group leaves class {name!r} out of training: {own} of {len(set(groups))}."
            " Record each class in three groups or more, or name parts of your own with"
            " --validation and --test"
        )


def classes_left_out(
    groups: Sequence[str],
    classes: Sequence[frozenset[str]],
    parts: Mapping[str, Sequence[int]],
) -> list[str]:
    """Say which classes are not in every part, because they have too few groups."""
    told = []
    inside = {
        part: frozenset[str]().union(*(classes[row] for row in rows))
        for part, rows in parts.items()
    }
    for name in sorted(frozenset[str]().union(*classes)):
        missing = [part for part, found in inside.items() if name not in found]
        if missing:
            told.append(
                f"class {name!r} has {_told(name, groups, classes)}: there is none in"
                f" {' and '.join(missing)}, whose scores do not say how well it is recognized."
                " Record it in three groups or more, or name parts with --validation and --test"
            )
    return told


def _told(name: str, groups: Sequence[str], classes: Sequence[frozenset[str]]) -> str:
    """Count and name the groups of a class."""
    own = sorted({group for group, found in zip(groups, classes, strict=True) if name in found})
    return f"{len(own)} group{'s' if len(own) > 1 else ''} ({_named(own)})"


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
