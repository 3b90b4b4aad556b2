"""What hypothesis draws for the tests of metrics."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

quick = settings(max_examples=40, deadline=None)
Labelled = tuple[np.ndarray, np.ndarray]


def relevances(n: int) -> st.SearchStrategy[np.ndarray]:
    """Draw relevance of n cells: few whole numbers (many ties), or fractions of 1/64."""
    tied = st.lists(st.integers(-2, 3).map(float), min_size=n, max_size=n)
    loose = st.lists(st.integers(-6400, 6400).map(lambda v: v / 64), min_size=n, max_size=n)
    return st.one_of(tied, loose).map(np.array)


@st.composite
def labelled(draw: st.DrawFn, *, largest: int = 24) -> Labelled:
    """Draw relevance and labels with at least one cell inside and one outside."""
    n = draw(st.integers(2, largest))
    labels = draw(st.lists(st.sampled_from([1, 0, -1]), min_size=n, max_size=n))
    one, other = draw(st.permutations(range(n)))[:2]
    labels[one], labels[other] = 1, 0
    return draw(relevances(n)), np.array(labels, dtype=np.int8)


@st.composite
def with_events(draw: st.DrawFn, *, largest: int = 16) -> Labelled:
    """Draw relevance and the coverage of one to three events, which leave a cell free."""
    n = draw(st.integers(2, largest))
    free = draw(st.integers(0, n - 1))
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, n - 1))
        stop = draw(st.integers(start + 1, n))
        row = np.zeros(n)
        row[start:stop] = draw(st.sampled_from([0.25, 1.0]))
        row[free] = 0.0
        if row.any():
            rows.append(row)
    if not rows:
        rows.append(np.eye(n)[free - 1])
    return draw(relevances(n)), np.array(rows)
