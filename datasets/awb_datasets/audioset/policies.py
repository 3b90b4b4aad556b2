"""Policies: whose events count for a target.

``positive``
    Exactly the annotated label. A bark is a bark.
``father``
    Labels are rolled up to level 2 of the ontology, each to its one father
    (see `awb_datasets.audioset.ontology` for labels with several parents).
``closure``
    A label and all its descendants: every event also counts for all ancestors of its label, along
    every path. A bark is also a dog.

A label that the ontology does not know has neither father nor ancestors; it stands for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from awb.intervals import IntArray
from awb_datasets.audioset.ontology import Ontology

Policy = Literal["positive", "father", "closure"]


def targets_of(mid: str, ontology: Ontology, policy: Policy) -> tuple[str, ...]:
    """Return the targets that an event counts for."""
    if policy == "positive" or mid not in ontology:
        return (mid,)
    return (ontology.father(mid),) if policy == "father" else ontology.ancestors(mid)


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Which labels contribute to which targets, as arrays.

    Attributes
    ----------
    mids : tuple of str
        The targets, in order.
    starts : np.ndarray, shape=(labels + 1,)
        Where each label's targets start in `targets`.
    targets : np.ndarray, shape=(pairs,)
        Indices into `mids`.
    """

    mids: tuple[str, ...]
    starts: IntArray
    targets: IntArray

    @classmethod
    def of(cls, labels: Sequence[str], ontology: Ontology, policy: Policy) -> Contributions:
        """Apply a policy to a list of labels."""
        lists = [targets_of(mid, ontology, policy) for mid in labels]
        mids = tuple(sorted({target for targets in lists for target in targets}))
        position = {mid: index for index, mid in enumerate(mids)}
        starts = np.cumsum([0, *(len(targets) for targets in lists)], dtype=np.int64)
        flat = [position[target] for targets in lists for target in targets]
        return cls(mids, starts, np.array(flat, dtype=np.int64))

    def expand(self, label: IntArray) -> tuple[IntArray, IntArray]:
        """Repeat every row for each of its targets."""
        counts = self.starts[label + 1] - self.starts[label]
        row = np.repeat(np.arange(len(label)), counts)
        within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        return row, self.targets[self.starts[label[row]] + within]
