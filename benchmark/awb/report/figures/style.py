"""Style and output of figures.

References
----------
Okabe, M., & Ito, K. (2008). Color universal design: how to make figures and presentations that are
friendly to colorblind people. (The colours.)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from awb.errors import RunError, UnknownNameError, did_you_mean
from awb.leaderboard.boards.board import BoardRow
from awb.report.views.board import NOTHING_TO_SEE, BoardView, label_of

FORMATS = ("pdf", "png", "svg")

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B58900", "#333333", "#56B4E9", "#8C564B")
DASHES = ("-", "--", ":", "-.")
INK, SOFT, RULE = "#1c1c1a", "#5b5b56", "#d9d9d2"
EVENT = "#C49B2D"

_STYLE = {
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.0,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "awb",
    "svg.fonttype": "none",
    "text.parse_math": False,  # a $ in a name is a dollar
}


def styled(function: Any) -> Any:
    """Decorate a function to draw in the style of awb."""
    from functools import wraps

    @wraps(function)
    def inside(*arguments: Any, **settings: Any) -> Any:
        import matplotlib

        with matplotlib.rc_context(_STYLE):
            return function(*arguments, **settings)

    return inside


def new_figure(width_in: float, height_in: float) -> Any:
    """Make an empty figure without touching matplotlib's global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), layout="constrained")


@styled
def save(figure: Any, path: Path, form: str) -> None:
    """Write a figure, with reproducible bytes."""
    stamp = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}[form]
    try:
        figure.savefig(path, format=form, dpi=200, metadata=stamp)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}") from error


def chosen_rows(view: BoardView, names: list[str] | None, most: int | None) -> list[BoardRow]:
    """Choose the named rows of a board, or by default those with values."""
    rows = {row.explainer: row for row in view.board.rows}
    if names is not None:
        for name in names:
            if name not in rows:
                raise UnknownNameError(
                    f"the board has no explainer {name!r}.{did_you_mean(name, rows)}"
                )
        return [rows[name] for name in names]
    able = [row for row in view.board.rows if row.cells[0].n]
    if not able:
        raise RunError(f"{label_of(view.board)}: no explainer has a value. {NOTHING_TO_SEE}")
    ranked = [row for row in able if not row.baseline][:most]
    return [row for row in able if row.baseline or row in ranked]


def metric_place(view: BoardView, name: str | None) -> int:
    """Find the column of a metric; None means the ranking metric."""
    names = [facts.name for facts in view.board.metrics]
    if name is None:
        return 0
    if name not in names:
        raise UnknownNameError(f"the run has no metric {name!r}.{did_you_mean(name, names)}")
    return names.index(name)
