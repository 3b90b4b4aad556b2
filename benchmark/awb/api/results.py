"""Results in Python: boards, and tables as pandas frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awb.api.boards import ShownBoard
from awb.api.frames import as_frame, cell_edges_s, relevance_frame
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.intervals import FloatArray
from awb.leaderboard.boards.construction import boards, read_boards
from awb.leaderboard.boards.slices import sliced
from awb.leaderboard.formats.explainer_agreement import to_records as agreement_records
from awb.leaderboard.formats.html import to_html
from awb.leaderboard.formats.slice_table import to_records as slice_records
from awb.plugins.discovery import load
from awb.report.views.agreement import read_explainer_agreements
from awb.report.views.clips import Clips
from awb.reprs import Described, some

if TYPE_CHECKING:
    import pandas

MOST_SHOWN = 6
"""Boards that a notebook shows of a run."""

_PLACES = ("dataset", "model", "clip_id", "target", "explainer")


@dataclass(frozen=True, repr=False)
class Run(Described):
    """A run on disk, finished or not.

    Attributes
    ----------
    folder : RunFolder
        The folder of the run.
    columns : tuple of str or None
        Metrics on its boards, of which the first ranks; None for those that ``awb show`` prints.
    clips : Clips or None
        Where audio is, if not in the run's datasets.
    """

    folder: RunFolder
    columns: tuple[str, ...] | None = None
    clips: Clips | None = field(default=None, compare=False)

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.folder.path

    @property
    def boards(self) -> list[ShownBoard]:
        """The boards, one per (dataset, model) pair and budget, in the order of the run."""
        found = boards(self.folder, load(), columns=self.columns)
        return [
            ShownBoard(board, self.folder, number, self.clips) for number, board in enumerate(found)
        ]

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

    def _described(self) -> tuple[str, Mapping[str, str]]:
        found = [shown.board for shown in self.boards]
        return f"Run {self.path}", {
            "boards": f"{len(found)} ({some([f'{one.model} on {one.dataset}' for one in found])})",
            "instances": f"{sum(one.n_stored for one in found)}",
            "unfinished": "" if all(one.finished for one in found) else "type awb.resume",
        }

    def _repr_html_(self) -> str:
        shown = self.boards
        tables = "\n".join(to_html(one.board) for one in shown[:MOST_SHOWN])
        left = len(shown) - MOST_SHOWN
        return f"{tables}<p>{left} more in <code>run.boards</code></p>" if left > 0 else tables

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
            If the board cannot be cut like that.
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
            If there are not two explainers to compare.
        """
        found, _ = read_explainer_agreements(self.folder, load())
        return as_frame(agreement_records([found[number]]))

    def scores(self) -> pandas.DataFrame:
        """Return the long table with one row per instance, explainer and metric.

        Returns
        -------
        pandas.DataFrame
            dataset, model, explainer, clip_id, target, metric, value (NaN if undefined) and reason.
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
        """
        rows = [asdict(row) for row in self.folder.store().explanations()]
        return as_frame(rows, [one.name for one in fields(ExplanationRow)])

    def relevance(self, clip_id: str, target: str, explainer: str) -> FloatArray | None:
        """Read the relevance of one explanation, ``shape=(cells,)``; None if there is none."""
        return self.folder.store().relevance(clip_id, target, explainer)

    def relevances(
        self,
        *,
        explainer: str | None = None,
        clip_id: str | None = None,
        target: str | None = None,
    ) -> pandas.DataFrame:
        """Return the relevance of every explanation, with the times that it is about.

        Parameters
        ----------
        explainer, clip_id, target : str, optional
            Only these. Default: all.

        Returns
        -------
        pandas.DataFrame
            One row per segment: dataset, model, clip_id, target, explainer, onset and offset in
            seconds from the start of the clip, relevance, higher = more evidence, and its
            uncertainty (standard error), NaN if the explainer does not know it.
        """
        store, hop_s = self.folder.store(), self.folder.config().segment_hop_s
        facts, found = store.facts(), []
        for manifest in self.folder.manifests():
            board = (manifest.dataset, manifest.model)
            errors = store.uncertainties(*board)
            for place, arrays in store.relevances(*board).items():
                length_s = facts.get(board, {}).get(place, {}).get("clip_s")
                for name, values in arrays.items():
                    wanted = ((explainer, name), (clip_id, place[0]), (target, place[1]))
                    if all(one in {None, own} for one, own in wanted):
                        named = dict(zip(_PLACES, (*board, *place, name), strict=True))
                        edges_s = cell_edges_s(
                            values.size, hop_s, None if length_s is None else float(length_s)
                        )
                        error = errors.get(place, {}).get(name)
                        found.append((named, edges_s, values, error))
        return relevance_frame(found, _PLACES)

    def plot(
        self,
        kind: str = "board",
        *,
        board: int = 0,
        metrics: str | Sequence[str] | None = None,
        explainers: str | Sequence[str] | None = None,
        instance: str | int = 1,
        ax: Any = None,
    ) -> Any:
        """Draw a figure of one of the boards, as ``awb plot`` does.

        Parameters
        ----------
        kind : str
            board, curves, agreement, explainers, cd, heatmap or instance; see `ShownBoard.plot`.
            Default: board.
        board : int
            Which board, from 0. Default: 0.
        metrics, explainers, instance, ax : optional
            As in `ShownBoard.plot`.

        Returns
        -------
        matplotlib.axes.Axes or np.ndarray of them
            The panels: one, or several in their order.

        Raises
        ------
        AwbError
            If there is nothing to draw, or a name is unknown.
        """
        return self.boards[board].plot(
            kind, metrics=metrics, explainers=explainers, instance=instance, ax=ax
        )


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
