"""A board as users hold it: text, a table in a notebook, a frame, and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from awb.api.frames import as_frame
from awb.errors import AwbError, RunError
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.board import Board
from awb.leaderboard.formats.html import to_html
from awb.leaderboard.formats.text import record_columns, to_plain, to_records
from awb.plugins.discovery import load
from awb.plugins.references import parse_list
from awb.report.figures.canvas import Canvas
from awb.report.figures.kinds import Asked, columns_of, draw
from awb.report.views.board import find_board, read_views
from awb.report.views.clips import Clips, RunClips

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True, repr=False)
class ShownBoard:
    """A board that is shown as text when printed, and as a table in a notebook.

    Attributes
    ----------
    board : Board
        The board with everything that was left out of it.
    folder : RunFolder or None
        The run that it is of, which figures need.
    number : int
        Which board of the run, from 0.
    clips : Clips or None
        Where audio is, if not in the run's datasets.
    """

    board: Board
    folder: RunFolder | None = None
    number: int = 0
    clips: Clips | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        """Summarize in one line."""
        return repr(self.board)

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
        """
        found = as_frame(to_records(self.board), record_columns(self.board))
        return found.astype(dict.fromkeys(("rank", "rank_low", "rank_high"), "Int64"))

    def plot(
        self,
        kind: str = "board",
        *,
        metrics: str | Sequence[str] | None = None,
        explainers: str | Sequence[str] | None = None,
        instance: str | int = 1,
        ax: Any = None,
    ) -> Any:
        """Draw a figure of the board, as ``awb plot`` does.

        Parameters
        ----------
        kind : str
            ``"board"``: means with intervals, a panel per metric. ``"curves"``: deletion and
            insertion curves. ``"agreement"``: do metrics agree. ``"explainers"``: do explainers
            point at the same segments. ``"cd"``: critical differences of mean ranks.
            ``"heatmap"``: every instance. ``"instance"``: one of them, with its sound.
            Default: board.
        metrics : str or list of str, optional
            Which metrics; cd, heatmap and instance show the first. Default: those of the board.
        explainers : str or list of str, optional
            Which explainers; not for agreement and explainers, which compare all. Default: the
            best ones.
        instance : str or int
            For ``"instance"``: ``"CLIP/TARGET"``, or its number from 1, the worst first.
            Default: 1.
        ax : matplotlib.axes.Axes or list of them, optional
            Where to draw: an axes per panel, or one from ``plt.subplots`` whose place the panels
            share. Default: a new figure.

        Returns
        -------
        matplotlib.axes.Axes or np.ndarray of them
            The panels: one, or several in their order.

        Raises
        ------
        AwbError
            If there is nothing to draw, or a name is unknown.
        """
        canvas = Canvas(ax)
        try:
            self.draw(kind, canvas, metrics=metrics, explainers=explainers, instance=instance)
        except AwbError:
            canvas.discard()
            raise
        return canvas.panels

    def draw(
        self,
        kind: str,
        canvas: Canvas,
        *,
        metrics: str | Sequence[str] | None = None,
        explainers: str | Sequence[str] | None = None,
        instance: str | int = 1,
    ) -> None:
        """Draw a figure on a canvas; see `plot`."""
        if self.folder is None:
            raise RunError("a board without its run has no figures; open it with awb.load_run")
        folder, registry = self.folder, load()
        view = find_board(read_views(folder, registry), self.number + 1)
        own = [facts.name for facts in self.board.metrics]
        asked = Asked(
            folder,
            view,
            columns_of(view, own if metrics is None else _names(metrics)),
            None if explainers is None else _names(explainers),
            lambda: self.clips or RunClips(folder, registry),
            str(instance),
        )
        draw(kind, asked, canvas)


def _names(given: str | Sequence[str]) -> list[str]:
    """List names that are separated by commas, or a list already."""
    return [str(one) for one in parse_list(given)] if isinstance(given, str) else list(given)
