"""What masks of several areas share: their settings, and how they become one relevance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters


def _split(value: object) -> object:
    """Read ``0.05+0.1``, as it is typed on the command line."""
    return value.split("+") if isinstance(value, str) else value


Area = Annotated[float, Field(gt=0, lt=1)]


class AreaParameters(SegmentParameters):
    """Settings of all.

    Attributes
    ----------
    areas : tuple of float
        Parts of the clip that a mask may take, one mask for each (typed ``0.05+0.1``). A segment's
        relevance is its mean over the masks: what is in the smallest counts most.
    direction : str
        ``keep``: the mask's audio alone should score high; ``remove``: the clip without it low;
        ``both``: the difference of the two should be large.
    """

    areas: Annotated[tuple[Area, ...], BeforeValidator(_split), Field(min_length=1)] = (
        0.03,
        0.06,
        0.12,
        0.25,
    )
    direction: Literal["keep", "remove", "both"] = "both"


def wanted_cells(area: float, n: int) -> int:
    """Return how many of `n` cells make an area, at least one."""
    return max(1, round(area * n))
