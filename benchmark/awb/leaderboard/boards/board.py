"""The board: the ranked table of one (dataset, model) pair.

A mean is never taken over instances that some explainers miss: every explainer that reaches 95 %
coverage is compared on the instances which all of these have in common, the others are shown with
their coverage and without a rank (DESIGN, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass

from awb.leaderboard.boards.ranking import Place
from awb.metrics.facts import MetricFacts

FULL_COVERAGE = 0.95


@dataclass(frozen=True, slots=True)
class Cell:
    """One mean with its 95 % interval; NaN where there is none."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One explainer of a board.

    Attributes
    ----------
    place : Place or None
        Place by the first metric; None for baselines and below 95 % coverage.
    explainer : str
        Its label.
    baseline : bool
        Whether it is there for comparison only.
    coverage : float
        Part of the instances on which it has an explanation, in [0, 1].
    calls : float
        Model calls asked for an instance, mean.
    cells : tuple of Cell
        One a metric.
    """

    place: Place | None
    explainer: str
    baseline: bool
    coverage: float
    calls: float
    cells: tuple[Cell, ...]

    @property
    def rank(self) -> int | None:
        """Place by the first metric, if it has one."""
        return None if self.place is None else self.place.rank


@dataclass(frozen=True, slots=True)
class Board:
    """A board and everything that was left out of it.

    Attributes
    ----------
    dataset, model : str
        Labels of the pair.
    metrics : tuple of MetricFacts
        The columns.
    rows : tuple of BoardRow
        Best first; unranked rows last.
    n_instances, n_clips : int
        Instances that were selected, and the clips that they come from.
    skipped : dict
        Number of clips or pairs left out, by reason.
    problems : tuple of str
        What failed: one line each.
    notes : tuple of str
        What a reader should know.
    manifest_sha256 : str
        Hash of the selection.
    finished : bool
        Whether every selected instance is stored.
    budget : int or None
        Model calls an instance, where the board has a limit.
    """

    dataset: str
    model: str
    metrics: tuple[MetricFacts, ...]
    rows: tuple[BoardRow, ...]
    n_instances: int
    n_clips: int
    skipped: dict[str, int]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    manifest_sha256: str
    finished: bool
    budget: int | None = None

    @property
    def failed(self) -> bool:
        """Whether something failed, or nothing was selected; "not applicable" is no failure."""
        return self.n_instances == 0 or bool(self.problems)
