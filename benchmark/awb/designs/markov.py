"""The ``runs`` design: long dropped runs, short kept runs, from a Markov chain in time.

Most of the clip is dropped, and the kept runs are long enough to sound natural. With a few hundred
model calls such masks reveal more about where the evidence is than masks that drop a third of the
clip: each occurrence of a sound that occurs twice is now and then heard alone.

References
----------
Norris, J. R. (1997). Markov Chains. Cambridge University Press. doi:10.1017/CBO9780511810633
"""

from __future__ import annotations

import numpy as np

from awb.errors import ParameterError
from awb.types import BoolArray


def runs(
    n_segments: int,
    samples: int,
    rng: np.random.Generator,
    *,
    dropped_run: float = 20.0,
    kept_run: float = 5.0,
) -> BoolArray:
    """Draw masks from a stationary chain of two states, dropped and kept.

    Parameters
    ----------
    n_segments : int
        Number of segments.
    samples : int
        Number of masks.
    rng : np.random.Generator
        Source of randomness.
    dropped_run, kept_run : float
        Mean lengths of the dropped and of the kept runs in segments, at least 1 each. By default
        2 s and 0.5 s on segments of 100 ms.

    Returns
    -------
    np.ndarray, shape=(samples, n_segments), dtype=bool
        Drop masks; each segment is dropped with chance ``dropped_run / (dropped_run + kept_run)``.

    Raises
    ------
    ParameterError
        If a number is out of range.
    """
    if n_segments < 1 or samples < 0 or min(dropped_run, kept_run) < 1:
        raise ParameterError(
            "expected at least one segment, a number of samples that is not negative, and runs of"
            f" at least one segment: {n_segments}, {samples}, {dropped_run:g}, {kept_run:g}"
        )
    chance = rng.random((samples, n_segments))
    masks = np.empty((samples, n_segments), dtype=bool)
    masks[:, 0] = chance[:, 0] < dropped_run / (dropped_run + kept_run)
    for segment in range(1, n_segments):
        stays_dropped = chance[:, segment] >= 1.0 / dropped_run
        becomes_dropped = chance[:, segment] < 1.0 / kept_run
        masks[:, segment] = np.where(masks[:, segment - 1], stays_dropped, becomes_dropped)
    return masks
