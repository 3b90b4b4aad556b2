"""Mapping from a dataset's labels to a model's classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

_SPACE = re.compile(r"[\s_]+")
_AND = re.compile(r", | and ")


def fold(name: str) -> str:
    """Fold a label for comparison: case, underscores and spaces do not matter.

    Examples
    --------
    >>> fold("Car_Horn ")
    'car horn'
    """
    return _SPACE.sub(" ", name).strip().casefold()


class HasClasses(Protocol):
    """Any object with class names; it may also have ``mids``."""

    @property
    def classes(self) -> Sequence[str]:
        """Class names in the order of the score columns."""
        ...


class ClassIndex:
    """Lookup of labels among a model's classes.

    A label is compared, in this order, with the AudioSet machine id, the whole name, and the
    synonyms that AudioSet lists in a name, if only one class has the synonym ("car horn" matches
    "Vehicle horn, car horn, honking"), and the whole name as FSD50K writes it, with "and" for
    commas ("Chink_and_clink").

    Parameters
    ----------
    model : object with classes
        The model, or the facts about it.
    """

    def __init__(self, model: HasClasses) -> None:
        self.classes: Sequence[str] = list(model.classes)
        mids: Sequence[str] = getattr(model, "mids", ())
        self._by_mid = {mid: index for index, mid in enumerate(mids)}
        self._by_name: dict[str, int] = {}
        synonyms: dict[str, set[int]] = {}
        for index, name in enumerate(self.classes):
            self._by_name.setdefault(fold(name), index)
            for part in name.split(","):
                synonyms.setdefault(fold(part), set()).add(index)
        self._by_synonym = {part: min(found) for part, found in synonyms.items() if len(found) == 1}
        joined: dict[str, set[int]] = {}
        for name, index in self._by_name.items():
            joined.setdefault(_AND.sub("&", name), set()).add(index)
        self._by_joined = {name: min(found) for name, found in joined.items() if len(found) == 1}

    def find(self, label: str, mid: str | None = None) -> int | None:
        """Return the score column of a label, or None if the model does not know it.

        Parameters
        ----------
        label : str
            Class name, or machine id.
        mid : str or None
            Machine id, if the dataset provides it.

        Returns
        -------
        int or None
            Column of the model's scores.
        """
        for candidate in (mid, label):
            if candidate is not None and candidate in self._by_mid:
                return self._by_mid[candidate]
        folded = fold(label)
        joined = self._by_joined.get(_AND.sub("&", folded))
        return self._by_name.get(folded, self._by_synonym.get(folded, joined))
