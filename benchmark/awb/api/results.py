"""Results in Python: boards, and tables as pandas frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awb.errors import MissingExtraError
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import boards, read_boards
from awb.leaderboard.boards.slices import sliced
from awb.leaderboard.formats.explainer_agreement import to_records as agreement_records
from awb.leaderboard.formats.html import to_html
from awb.leaderboard.formats.slice_table import to_records as slice_records
from awb.leaderboard.formats.text import record_columns, to_plain, to_records
from awb.plugins.discovery import load
from awb.report.views.agreement import read_explainer_agreements

if TYPE_CHECKING:
    import pandas


def as_frame(
    records: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> pandas.DataFrame:
    """Make a pandas frame of records.

    Parameters
    ----------
    records : sequence of mapping
        Rows; each maps columns to values.
    columns : sequence of str, optional
        Names of the columns, which a frame without rows has too.

    Returns
    -------
    pandas.DataFrame
        The frame.

    Raises
    ------
    MissingExtraError
        If pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError(
            'frames need pandas. Type: python -m pip install "audio-where-benchmark[pandas]"'
        ) from error
    return pandas.DataFrame.from_records(records, columns=columns)


@dataclass(frozen=True, slots=True)
class ShownBoard:
    """A board that is shown as text when printed, and as a table in a notebook.

    Attributes
    ----------
    board : Board
        The board with everything that was left out of it.
    """

    board: Board

    def __str__(self) -> str:
        """Write the board as an aligned table."""
        return to_plain(self.board)

    def _repr_html_(self) -> str:
        return to_html(self.board)

    def frame(self) -> pandas.DataFrame:
        """Return the board as a table with one row per explainer, best first.

        Returns
        -------
        pandas.DataFrame
            Rank, explainer, coverage, calls, and four columns per metric: mean, 95 % interval, n.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        return as_frame(to_records(self.board), record_columns(self.board))


@dataclass(frozen=True)
class Run:
    """A run on disk, finished or not.

    Attributes
    ----------
    folder : RunFolder
        The folder of the run.
    columns : tuple of str or None
        Metrics on its boards, of which the first ranks; None for those that ``awb show`` prints.
    """

    folder: RunFolder
    columns: tuple[str, ...] | None = field(default=None)

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.folder.path

    @property
    def boards(self) -> list[ShownBoard]:
        """The boards, one per (dataset, model) pair and budget, in the order of the run."""
        return [ShownBoard(board) for board in boards(self.folder, load(), columns=self.columns)]

    @property
    def failed(self) -> bool:
        """Whether something failed, or nothing was selected."""
        return any(shown.board.failed for shown in self.boards)

    def __iter__(self) -> Iterator[ShownBoard]:
        """Iterate over the boards."""
        return iter(self.boards)

    def __str__(self) -> str:
        """Write all boards as aligned tables."""
        return "\n\n".join(str(shown) for shown in self.boards)

    def _repr_html_(self) -> str:
        return "\n".join(to_html(shown.board) for shown in self.boards)

    def board(self, number: int = 0, *, by: str | None = None, bins: int = 3) -> pandas.DataFrame:
        """Return one board as a table, or in slices of instances that are alike.

        Parameters
        ----------
        number : int
            Which board, from 0.
        by : str, optional
            What to cut it by, such as ``class`` or ``snr``; ``awb show --help`` lists them.
        bins : int
            Number of slices of a trait that is a number, 2 to 10.

        Returns
        -------
        pandas.DataFrame
            See `ShownBoard.frame`; with `by`, one row per metric, slice and explainer.

        Raises
        ------
        AwbError
            If the board cannot be cut like that, or pandas is not installed.
        """
        if by is None:
            return self.boards[number].frame()
        data = read_boards(self.folder, load(), columns=self.columns)[number]
        return as_frame(slice_records(sliced(data, by, bins=bins)))

    def agreement(self, number: int = 0) -> pandas.DataFrame:
        """Return how alike the relevance of every two explainers of a board is.

        Parameters
        ----------
        number : int
            Which board, from 0, of those with two explainers to compare.

        Returns
        -------
        pandas.DataFrame
            One row per pair: mean rank correlation over instances, in [-1, 1], mean overlap of the
            top fifth of the segments, in [0, 1], their 95 % intervals, and the numbers of instances
            and clips.

        Raises
        ------
        AwbError
            If there are not two explainers to compare, or pandas is not installed.
        """
        found, _ = read_explainer_agreements(self.folder, load())
        return as_frame(agreement_records([found[number]]))

    def scores(self) -> pandas.DataFrame:
        """Return the long table with one row per instance, explainer and metric.

        Returns
        -------
        pandas.DataFrame
            dataset, model, explainer, clip_id, target, metric, value (NaN if undefined) and reason.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        rows = [asdict(row) for row in self.folder.store().scores()]
        return as_frame(rows, [one.name for one in fields(ScoreRow)])

    def explanations(self) -> pandas.DataFrame:
        """Return one row per explanation: status, cost, and the reason or the explainer's remarks.

        Returns
        -------
        pandas.DataFrame
            dataset, model, explainer, clip_id, target, status, reason, calls, forwards, seconds (of
            its own work) and shared_seconds (of the designs it read, computed once per instance).

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        rows = [asdict(row) for row in self.folder.store().explanations()]
        return as_frame(rows, [one.name for one in fields(ExplanationRow)])

    def relevance(self, clip_id: str, target: str, explainer: str) -> FloatArray | None:
        """Read the relevance of one explanation, ``shape=(cells,)``; None if there is none."""
        return self.folder.store().relevance(clip_id, target, explainer)


def load_run(path: str | Path, *, metrics: Sequence[str] | None = None) -> Run:
    """Open a run folder.

    Parameters
    ----------
    path : str or Path
        The folder that ``awb run`` or `awb.run` wrote.
    metrics : sequence of str, optional
        Columns of its boards, of which the first ranks; ``["all"]`` for every metric of the run.

    Returns
    -------
    Run
        Boards and tables.

    Raises
    ------
    RunError
        If the folder does not contain a run.
    """
    return Run(RunFolder.open(Path(path)), None if metrics is None else tuple(metrics))
