"""Tables as pandas frames; pandas is imported when the first is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from awb.intervals import FloatArray

if TYPE_CHECKING:
    import pandas


def as_frame(
    records: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> pandas.DataFrame:
    """Make a frame of records; with `columns`, one without rows has them, too."""
    import pandas

    return pandas.DataFrame.from_records(records, columns=columns)


def relevance_frame(
    relevances: Sequence[tuple[Mapping[str, Any], FloatArray, FloatArray, FloatArray | None]],
    names: Sequence[str],
) -> pandas.DataFrame:
    """Make a frame with a row per cell: facts, edges in seconds, relevance and its uncertainty."""
    import pandas

    frames = [
        pandas.DataFrame(
            {
                **facts,
                "onset": edges_s[:-1],
                "offset": edges_s[1:],
                "relevance": relevance,
                "uncertainty": np.nan if error is None else error,
            }
        )
        for facts, edges_s, relevance, error in relevances
    ]
    columns = [*names, "onset", "offset", "relevance", "uncertainty"]
    return (
        pandas.concat(frames, ignore_index=True)[columns]
        if frames
        else pandas.DataFrame(columns=columns)
    )


def cell_edges_s(n_cells: int, hop_s: float, duration_s: float | None) -> FloatArray:
    """Return the edges of cells, of which the last ends with the clip.

    Examples
    --------
    >>> cell_edges_s(3, 0.1, 0.25).round(3).tolist()
    [0.0, 0.1, 0.2, 0.25]
    """
    edges_s: FloatArray = np.arange(n_cells + 1, dtype=np.float64) * hop_s
    if duration_s is not None and edges_s[-2] < duration_s < edges_s[-1]:
        edges_s[-1] = duration_s
    return edges_s
