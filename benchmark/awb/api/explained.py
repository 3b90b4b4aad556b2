"""An explained file as users hold it: relevance with times, a figure, a page with sound."""

from __future__ import annotations

import io
import shutil
import weakref
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from awb.api.boards import ShownBoard
from awb.api.frames import cell_edges_s, relevance_frame
from awb.api.results import Run
from awb.errors import AwbError
from awb.harness.explain_file import FILE
from awb.intervals import FloatArray
from awb.leaderboard.formats.text import number_text
from awb.report.figures.canvas import Canvas
from awb.reprs import Described, some

if TYPE_CHECKING:
    import pandas

MOST_ROWS = 12
"""Explainers in the table that a notebook shows."""


class Scratch:
    """A folder that is removed with the last explained file that needs it."""

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix="awb-explain-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True)
class Player:
    """The page of an explained file, which a notebook shows with sound.

    Attributes
    ----------
    html : str
        The page.
    height_px : int
        Height in the notebook, in pixels.
    """

    html: str = field(repr=False)
    height_px: int = 720

    def _repr_html_(self) -> str:
        style = f"width:100%;height:{self.height_px}px;border:0"
        content = escape(self.html, quote=True)
        return f'<iframe title="awb" style="{style}" srcdoc="{content}"></iframe>'


@dataclass(frozen=True, repr=False)
class ExplainedFile(Described):
    """Explanations of one file; a notebook shows a figure and a table.

    Attributes
    ----------
    model, target : str
        Label of the model, and the class that was explained.
    score : float
        The model's log-odds for the target.
    run : Run
        The run of this one instance, with its scores and costs.
    page : Path or None
        The HTML page, if it was written to a file.
    html : str
        The content of the page.
    unheard : str
        Which part of the file the model does not use, as a sentence; empty if it uses all of it.
    threshold : float
        Log-odds from which the model reports a class.
    file : str
        Name of the file.
    duration_s : float
        Length of the file in seconds.
    """

    model: str
    target: str
    score: float
    run: Run
    page: Path | None
    html: str
    unheard: str = ""
    threshold: float = 0.0
    file: str = ""
    duration_s: float = 0.0
    scratch: Scratch | None = field(default=None, compare=False)

    @cached_property
    def relevance(self) -> dict[str, FloatArray]:
        """Relevance of each cell, ``shape=(cells,)``, by explainer; failed ones are missing."""
        every = self.run.folder.store().relevances(FILE, self.model)
        return {name: values for found in every.values() for name, values in found.items()}

    @cached_property
    def boards(self) -> tuple[ShownBoard, ...]:
        """How faithful the explanations are to the model."""
        return tuple(self.run.boards)

    @property
    def failed(self) -> bool:
        """Whether an explainer or a metric failed."""
        return any(shown.board.failed for shown in self.boards)

    def frame(self) -> pandas.DataFrame:
        """Return the relevance of every segment, with its times.

        Returns
        -------
        pandas.DataFrame
            One row per explainer and segment: explainer, onset and offset in seconds from the start
            of the file, relevance, higher = more evidence for the target, and its uncertainty
            (standard error), NaN if the explainer does not know it.
        """
        [errors] = self.run.folder.store().uncertainties(FILE, self.model).values() or [{}]
        hop_s = self.run.folder.config().segment_hop_s
        return relevance_frame(
            [
                (
                    {"explainer": name},
                    cell_edges_s(values.size, hop_s, self.duration_s),
                    values,
                    errors.get(name),
                )
                for name, values in self.relevance.items()
            ],
            ["explainer"],
        )

    def scores(self) -> pandas.DataFrame:
        """Return how faithful each explanation is to the model.

        Returns
        -------
        pandas.DataFrame
            A row per explainer, best first, and a column per metric.
        """
        import pandas

        board = self.boards[0].board
        return pandas.DataFrame(
            [[cell.mean for cell in row.cells] for row in board.rows if row.coverage],
            index=pandas.Index(
                [row.explainer for row in board.rows if row.coverage], name="explainer"
            ),
            columns=[facts.name for facts in board.metrics],
        )

    def plot(self, explainers: str | Sequence[str] | None = None, *, ax: Any = None) -> Any:
        """Draw the sound and the relevance of its segments.

        Parameters
        ----------
        explainers : str or list of str, optional
            Which explainers. Default: the six most faithful.
        ax : matplotlib.axes.Axes or list of them, optional
            Where to draw: an axes for the sound and one per explainer, or one from ``plt.subplots``
            whose place they share. Default: a new figure.

        Returns
        -------
        np.ndarray of matplotlib.axes.Axes
            The sound, then a panel per explainer.

        Raises
        ------
        AwbError
            If there is no explanation, or a name is unknown.
        """
        return self.boards[0].plot("instance", explainers=explainers, ax=ax)

    def listen(self, height_px: int = 720) -> Player:
        """Show the page in the notebook, with sound; it may take a megabyte of the notebook.

        Parameters
        ----------
        height_px : int
            Height in pixels. Default: 720.

        Returns
        -------
        Player
            What a notebook shows.
        """
        return Player(self.html, height_px)

    def _described(self) -> tuple[str, Mapping[str, str]]:
        return f"Explained {self.file}", {
            "model": self.model,
            "target": self.target,
            "log-odds": f"{self.score:.2f}",
            "explainers": f"{len(self.relevance)} ({some(list(self.relevance))})",
            "failed": "see .boards" if self.failed else "",
        }

    def _repr_html_(self) -> str:
        said = (
            f"<strong>{escape(self.model)}</strong> gives {escape(self.target)!s} log-odds of"
            f" {self.score:.2f} in {escape(self.file)}. {escape(self.unheard)}"
        )
        return f"<div><p>{said}</p>{self._picture()}{self._table()}</div>"

    def _picture(self) -> str:
        """Draw the figure for a notebook."""
        canvas, stream = Canvas(shown=False), io.BytesIO()
        try:
            self.boards[0].draw("instance", canvas)
        except AwbError as error:
            return f"<p>{escape(str(error))}</p>"
        canvas.figure.savefig(stream, format="webp", dpi=110, pil_kwargs={"quality": 80})
        text = b64encode(stream.getvalue()).decode("ascii")
        source = f"data:image/webp;base64,{text}"
        return f'<img alt="relevance over time" style="max-width:100%" src="{source}">'

    def _table(self) -> str:
        board = self.boards[0].board
        rows = [row for row in board.rows if row.coverage and not row.baseline]
        header = "".join(f"<th>{escape(one.name)} {one.arrow}</th>" for one in board.metrics)
        body = "".join(
            f"<tr><th>{escape(row.explainer)}</th>"
            + "".join(f"<td>{number_text(cell.mean)}</td>" for cell in row.cells)
            + "</tr>"
            for row in rows[:MOST_ROWS]
        )
        left = len(rows) - MOST_ROWS
        more = f"<p>{left} more in <code>.scores()</code></p>" if left > 0 else ""
        return (
            f"<table><thead><tr><th></th>{header}</tr></thead><tbody>{body}</tbody></table>{more}"
        )
