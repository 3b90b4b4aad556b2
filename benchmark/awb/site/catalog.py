"""Everything that is published, by board, model and explainer."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from awb.harness.unit.record import OK, at_budget
from awb.leaderboard.boards.board import Board, BoardRow
from awb.leaderboard.publishing.titles import board_title
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.names import slug
from awb.leaderboard.submissions.schema import Submission
from awb.leaderboard.verification.published_folder import paired
from awb.plugins.discovery import Registry
from awb.report.views.board import BoardView
from awb.site.views import views_of


@dataclass(frozen=True, slots=True)
class Group:
    """Submissions that can be compared, and their board, or one a budget.

    Attributes
    ----------
    folder : str
        Where they stand.
    submitted : tuple of Submitted
        All of them.
    views : tuple of BoardView
        Mostly one.
    """

    folder: str
    submitted: tuple[Submitted, ...]
    views: tuple[BoardView, ...]

    @property
    def size(self) -> int:
        """How many submissions there are."""
        return len(self.submitted)


@dataclass(frozen=True, slots=True)
class Pair:
    """The boards of one (dataset, model) pair: a page of the site.

    Attributes
    ----------
    name : str
        Of the page, without ending.
    title : str
        What people call the model and the dataset.
    groups : tuple of Group
        The largest first.
    """

    name: str
    title: str
    groups: tuple[Group, ...]

    @property
    def record(self) -> Submission:
        """A submission, for what all of the pair have in common."""
        return self.groups[0].submitted[0].record

    @property
    def board(self) -> Board:
        """The board with the most submissions, which stands for the pair elsewhere."""
        return self.groups[0].views[0].board

    @property
    def best(self) -> list[BoardRow]:
        """Ranked rows, the best first."""
        return [row for row in self.board.rows if row.rank is not None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One submission on one board.

    Attributes
    ----------
    submitted : Submitted
        The submission.
    folder : str
        Where it stands.
    pair : Pair
        The page on which it stands.
    view : BoardView
        The board, with the names of its main metrics.
    row : BoardRow
        Its row.
    number : int
        Which board of the page, from 1.
    """

    submitted: Submitted
    folder: str
    pair: Pair
    view: BoardView
    row: BoardRow
    number: int

    @property
    def board(self) -> Board:
        """The board, with every metric."""
        return self.view.board

    @property
    def record(self) -> Submission:
        """What was submitted."""
        return self.submitted.record

    @property
    def path(self) -> str:
        """Of the submission, in the folder of submissions."""
        return f"{self.folder}/{slug(self.record.name)}.json"

    @property
    def ranked(self) -> int:
        """How many have a place on the board."""
        return sum(row.rank is not None for row in self.board.rows)

    @property
    def created(self) -> datetime | None:
        """When it was computed, as far as that can be read."""
        return moment(self.record.environment.created)

    @property
    def seconds(self) -> float | None:
        """Mean time an explained instance took; None where nothing was explained."""
        taken = [row.seconds for row in self.record.instances if row.status == OK]
        return math.fsum(taken) / len(taken) if taken else None


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that the pages are made from.

    Attributes
    ----------
    pairs : tuple of Pair
        By name.
    entries : tuple of Entry
        Of all boards.
    """

    pairs: tuple[Pair, ...]
    entries: tuple[Entry, ...]

    @property
    def explainers(self) -> dict[str, list[Entry]]:
        """Entries by the name of the explainer's plugin, in order."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.record.explainer.name, []).append(entry)
        return dict(sorted(found.items()))

    @property
    def models(self) -> dict[str, list[Pair]]:
        """Pairs by the model's label, in order."""
        found: dict[str, list[Pair]] = {}
        for pair in self.pairs:
            found.setdefault(pair.record.model.label, []).append(pair)
        return dict(sorted(found.items()))

    @property
    def newest(self) -> list[Entry]:
        """Entries with a date, each submission once, the newest first."""
        once = {entry.record.sha256: entry for entry in reversed(self.entries)}
        dated = [(found, entry) for entry in once.values() if (found := entry.created)]
        dated.sort(key=lambda one: one[1].path)
        dated.sort(key=lambda one: one[0], reverse=True)
        return [entry for _, entry in dated]


def catalog_of(submitted: Iterable[Submitted], registry: Registry) -> Catalog:
    """Make the boards of everything that is published."""
    found = paired(submitted)
    pairs = tuple(
        Pair(
            name,
            board_title(next(iter(groups.values()))[0].record, registry),
            tuple(
                Group(folder, tuple(group), tuple(views_of(group, registry)))
                for folder, group in groups.items()
            ),
        )
        for name, groups in found.items()
    )
    return Catalog(pairs, tuple(entry for pair in pairs for entry in _entries(pair)))


def _entries(pair: Pair) -> Iterator[Entry]:
    """Yield every row of a page's boards with the submission behind it."""
    number = 0
    for group in pair.groups:
        by_name = {one.record.name: one for one in group.submitted}
        for view in group.views:
            number += 1
            for row in view.board.rows:
                name = submitted_name(row.explainer, view.board.budget, by_name)
                yield Entry(by_name[name], group.folder, pair, view, row, number)


def submitted_name(explainer: str, budget: int | None, names: Iterable[str]) -> str:
    """Find under which name the explainer of a row was submitted.

    Examples
    --------
    >>> submitted_name("lime", 100, ["lime@100", "lime@300"]), submitted_name("lime", None, [])
    ('lime@100', 'lime')
    """
    given = explainer if budget is None else at_budget(explainer, budget)
    return given if given in names else explainer


def moment(text: str) -> datetime | None:
    """Read a time that anybody may have typed; without a zone it is UTC.

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
    """Name a file for each label, none twice even where case makes no difference.

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
    """Put entries together that one author published on one board from one run."""
    found: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        record = entry.record
        key = (entry.folder, record.environment.created, record.credit.author)
        found.setdefault(key, []).append(entry)
    for group in found.values():
        group.sort(key=lambda one: (one.row.rank is None, one.row.rank or 0, one.record.name))
    return list(found.values())
