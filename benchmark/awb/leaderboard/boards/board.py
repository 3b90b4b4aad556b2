"""The board: the ranked table of one (dataset, model) pair.

No entry can change what the board says of another. A cell is the mean over the instances on which
its own explainer has a value. Explainers that have 95 % of the values get a place, and for it, the
values that they lack count as the worst that the metric can take: failing on hard clips does not
pay. The others are listed with their coverage but without a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from awb.data.instance_kinds import HITS
from awb.leaderboard.boards.pointing import PointedAt
from awb.leaderboard.boards.ranking import Outlook, Place
from awb.metrics.facts import MetricFacts
from awb.reprs import Described, some

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
    """One explainer on a board."""

    place: Place | None  # by the first metric; None for baselines, and if too much is missing
    explainer: str
    baseline: bool  # or a reference
    coverage: float  # fraction of the instances that it explained, in [0, 1]
    calls: float  # mean number of model calls per instance
    cells: tuple[Cell, ...]  # one per metric
    reference: bool = False  # no explanation, but what the model says of its frames

    @property
    def rank(self) -> int | None:
        """The rank by the first metric, if it has one."""
        return None if self.place is None else self.place.rank


@dataclass(frozen=True, slots=True, repr=False)
class Board(Described):
    """A board, and everything that was left out of it."""

    dataset: str
    model: str
    metrics: tuple[MetricFacts, ...]  # the columns; the first one ranks
    rows: tuple[BoardRow, ...]  # best first, rows below 95 % coverage last
    n_instances: int  # selected
    n_clips: int  # that the selected instances come from
    skipped: dict[str, int]  # number of clips or (clip, target) pairs left out, by reason
    problems: tuple[str, ...]  # what failed, one line each
    notes: tuple[str, ...]  # what else a reader should know, one line each
    manifest_sha256: str
    finished: bool  # whether every selected instance is stored; if not, there are no places
    budget: int | None = None  # model calls per instance, where there is a limit
    n_done: int | None = None  # selected instances that are stored, if that is known
    outlook: Outlook | None = None  # what these clips can tell; None if fewer than two are ranked
    kind: str = HITS  # of the instances
    pointed: tuple[PointedAt, ...] = ()  # where explanations of false alarms point

    @property
    def n_stored(self) -> int:
        """Number of instances that a mean can be based on."""
        return self.n_instances if self.n_done is None else self.n_done

    @property
    def failed(self) -> bool:
        """Whether something failed or nothing was selected; "not applicable" is not a failure."""
        return self.n_instances == 0 or bool(self.problems)

    def _described(self) -> tuple[str, Mapping[str, str]]:
        return f"Board of {self.model} on {self.dataset}", {
            "instances": f"{self.n_instances} from {self.n_clips} clips",
            "done": "" if self.finished else str(self.n_stored),
            "explainers": some([row.explainer for row in self.rows]),
            "metrics": some([facts.name for facts in self.metrics]),
            "budget": "" if self.budget is None else f"{self.budget:,} model calls",
        }
