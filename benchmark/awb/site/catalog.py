"""All published submissions, by board, model and explainer."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType

from awb.data.instance_kinds import HITS, NOUNS, InstanceKind
from awb.harness.steps import steps
from awb.harness.unit.record import OK, at_budget
from awb.leaderboard.boards.board import Board, BoardRow
from awb.leaderboard.publishing.attempts import attempted
from awb.leaderboard.publishing.provenance import CLAIMED, Spots, count_text, status_text
from awb.leaderboard.publishing.titles import board_title
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.names import slug
from awb.leaderboard.submissions.schema import Submission
from awb.leaderboard.verification.published_folder import paired
from awb.plugins.discovery import Registry
from awb.report.page import short_label
from awb.report.views.board import BoardView
from awb.site.views import map_board, views_of


@dataclass(frozen=True, slots=True)
class Group:
    """Comparable submissions, with their board or boards."""

    folder: str  # of the submissions
    submitted: tuple[Submitted, ...]
    views: tuple[BoardView, ...]  # one per budget
    maps: Board | None = None  # of the rows that have maps of times and frequencies

    @property
    def size(self) -> int:
        """Number of submissions."""
        return len(self.submitted)


@dataclass(frozen=True, slots=True)
class Pair:
    """The boards of one (dataset, model) pair, which share a page of the site."""

    name: str  # of the page, without suffix
    title: str  # names of the model and the dataset
    groups: tuple[Group, ...]  # the largest first
    verified: str = CLAIMED  # how many of its entries, and since when

    @property
    def record(self) -> Submission:
        """A submission, as a source of what all submissions of the pair share."""
        return self.groups[0].submitted[0].record

    @property
    def kind(self) -> InstanceKind:
        """The kind of the instances of all of its boards."""
        return self.record.kind

    @property
    def heading(self) -> str:
        """The model's label, and what is explained if that is not hits, for a narrow column."""
        label = short_label(self.record.model.label)
        return label if self.kind == HITS else f"{label}: {NOUNS[self.kind][1]}"

    @property
    def board(self) -> Board:
        """The board with the most submissions, which represents the pair on other pages."""
        return self.groups[0].views[0].board

    @property
    def best(self) -> list[BoardRow]:
        """Ranked rows, best first."""
        return [row for row in self.board.rows if row.rank is not None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One submission on one board."""

    submitted: Submitted
    folder: str
    pair: Pair
    view: BoardView
    row: BoardRow
    number: int  # of the board on its page, from 1
    status: str = CLAIMED  # what of it is verified, by whom and when

    @property
    def board(self) -> Board:
        """The board, with every metric."""
        return self.view.board

    @property
    def record(self) -> Submission:
        """The submission's record."""
        return self.submitted.record

    @property
    def path(self) -> str:
        """Path of the submission, relative to the folder of submissions."""
        return f"{self.folder}/{slug(self.record.name)}.json"

    @property
    def ranked(self) -> int:
        """Number of ranked explainers on the board."""
        return sum(row.rank is not None for row in self.board.rows)

    @property
    def created(self) -> datetime | None:
        """Date of the results; None if it cannot be parsed."""
        return moment(self.record.environment.created)

    @property
    def seconds(self) -> float | None:
        """Mean time per explained instance; None if nothing was explained."""
        taken = [row.seconds for row in self.record.instances if row.status == OK]
        return math.fsum(taken) / len(taken) if taken else None


@dataclass(frozen=True, slots=True)
class Catalog:
    """The data of all pages."""

    pairs: tuple[Pair, ...]  # sorted by name
    entries: tuple[Entry, ...]  # of all boards

    @property
    def has_errors(self) -> bool:
        """Whether there are boards of false alarms or misses, which no summary is about."""
        return any(pair.kind != HITS for pair in self.pairs)

    @property
    def n_submissions(self) -> int:
        """Number of submissions; one without a budget is on the boards of all budgets."""
        return len({entry.record.sha256 for entry in self.entries})

    @property
    def explainers(self) -> dict[str, list[Entry]]:
        """Entries by the name of the explainer's plugin, sorted."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.record.explainer.name, []).append(entry)
        return dict(sorted(found.items()))

    @property
    def models(self) -> dict[str, list[Pair]]:
        """Pairs by the model's label, sorted."""
        found: dict[str, list[Pair]] = {}
        for pair in self.pairs:
            found.setdefault(pair.record.model.label, []).append(pair)
        return dict(sorted(found.items()))

    @property
    def newest(self) -> list[Entry]:
        """One entry per submission with a date, the newest first."""
        once = {entry.record.sha256: entry for entry in reversed(self.entries)}
        dated = [(found, entry) for entry in once.values() if (found := entry.created)]
        dated.sort(key=lambda one: one[1].path)
        dated.sort(key=lambda one: one[0], reverse=True)
        return [entry for _, entry in dated]


def catalog_of(
    submitted: Iterable[Submitted],
    registry: Registry,
    spots: Spots = MappingProxyType({}),
    failed: list[str] | None = None,
) -> Catalog:
    """Make the boards of all published submissions, and list those that cannot be made."""
    told = [] if failed is None else failed
    made = (
        attempted(f"{name}.html", partial(_pair, name, groups, registry, spots), told)
        for name, groups in steps(paired(submitted).items(), "Comparing explainers")
    )
    pairs = tuple(pair for pair in made if pair is not None)
    return Catalog(pairs, tuple(entry for pair in pairs for entry in _entries(pair, spots)))


def _pair(
    name: str, groups: Mapping[str, Sequence[Submitted]], registry: Registry, spots: Spots
) -> Pair:
    return Pair(
        name,
        board_title(next(iter(groups.values()))[0].record, registry),
        tuple(_group(folder, group, registry, spots) for folder, group in groups.items()),
        count_text([one for group in groups.values() for one in group], spots),
    )


def _group(folder: str, group: Sequence[Submitted], registry: Registry, spots: Spots) -> Group:
    views = tuple(views_of(group, registry, spots))
    return Group(folder, tuple(group), views, map_board(views, group, registry, spots))


def _entries(pair: Pair, spots: Spots) -> Iterator[Entry]:
    """Yield every row of a page's boards with its submission."""
    number = 0
    for group in pair.groups:
        by_name = {one.record.name: one for one in group.submitted}
        for view in group.views:
            number += 1
            for row in view.board.rows:
                name = submitted_name(row.explainer, view.board.budget, by_name)
                status = status_text(by_name[name].record, spots)
                yield Entry(by_name[name], group.folder, pair, view, row, number, status)


def submitted_name(explainer: str, budget: int | None, names: Iterable[str]) -> str:
    """Find the name under which the explainer of a row was submitted.

    Examples
    --------
    >>> submitted_name("lime", 100, ["lime@100", "lime@300"]), submitted_name("lime", None, [])
    ('lime@100', 'lime')
    """
    given = explainer if budget is None else at_budget(explainer, budget)
    return given if given in names else explainer


def moment(text: str) -> datetime | None:
    """Parse a time from untrusted text; None if that fails, and UTC if there is no time zone.

    Examples
    --------
    >>> moment("2026-11-21T13:07:49+01:00"), moment("yesterday")
    (datetime.datetime(2026, 11, 21, 12, 7, 49, tzinfo=datetime.timezone.utc), None)
    """
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def stems(labels: Iterable[str]) -> dict[str, str]:
    """Choose a file name per label, unique even if case is ignored.

    Examples
    --------
    >>> stems(["lime", "LIME", "../x"])
    {'../x': 'x-d6b96a97', 'LIME': 'LIME', 'lime': 'lime-efbaa8cb'}
    """
    taken: set[str] = set()
    found = {}
    for label in sorted(labels):
        stem = slug(label)
        if stem.lower() in taken:
            stem = f"{stem}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
        taken.add(stem.lower())
        found[label] = stem
    return found


def publications(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Group entries that one author published on one board from one run."""
    found: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        record = entry.record
        key = (entry.folder, record.environment.created, record.credit.author)
        found.setdefault(key, []).append(entry)
    for group in found.values():
        group.sort(key=lambda one: (one.row.rank is None, one.row.rank or 0, one.record.name))
    return list(found.values())
