"""What relevance must sum to, and what is said when it does or does not."""

from __future__ import annotations

from awb.errors import NotApplicableError

TOLERANCE = 1e-3
_MOST = 0.02  # of the rise, however much cancels out
"""By which part of the rise an exact method may miss it."""

_ROUNDING = 1e-5


def allowed(rise: float, magnitude: float, tolerance: float = TOLERANCE) -> float:
    """Return by how much a sum may miss a rise.

    Parameters
    ----------
    rise : float
        What it should be.
    magnitude : float
        Sum of the absolute values of the relevance: what rounding is measured against.
    tolerance : float
        Part of the rise.

    Returns
    -------
    float
        In log-odds.
    """
    rounding = min(_ROUNDING * magnitude, _MOST * abs(rise))
    return max(tolerance * abs(rise), rounding, 1e-4)


def check_sum(method: str, total: float, rise: float, magnitude: float) -> str:
    """Check that relevance sums to the rise of the score.

    Parameters
    ----------
    method : str
        Name of the method.
    total : float
        Sum of the relevance.
    rise : float
        Score of the clip minus that of the baseline.
    magnitude : float
        Sum of the absolute relevance.

    Returns
    -------
    str
        What was found, a sentence for a board.

    Raises
    ------
    NotApplicableError
        If it misses the rise by more than `allowed`.
    """
    if not abs(total - rise) <= allowed(rise, magnitude):
        raise NotApplicableError(
            f"{method} sums to {total:.4g} here, not to the score's rise of {rise:.4g}"
        )
    return f"sums to {total:.4g}, the score's rise"
