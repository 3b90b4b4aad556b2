"""The clustered heat maps of agreement between explainers."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from awb.intervals import FloatArray
from awb.leaderboard.boards.explainer_agreement import ExplainerAgreement
from awb.leaderboard.formats.explainer_agreement import title_of
from awb.report.figures.agreement import form_of, tau_text
from awb.report.figures.canvas import Canvas
from awb.report.figures.style import INK, new_figure, save, styled

_LETTERS_PER_INCH = 11
_CELL_IN = 0.24


def draw(found: ExplainerAgreement, path: Path) -> None:
    """Save both heat maps, in the format that the name of the file says."""
    save(figure_of(found), path, form_of(path))


@styled
def figure_of(found: ExplainerAgreement, canvas: Canvas | None = None) -> Any:
    """Draw rank correlations on the left, overlaps of the top segments on the right."""
    side = _CELL_IN * len(found.names)
    names = 0.075 * max(map(len, found.names))
    width = 2 * (max(side, 1.6) + 0.8) + names
    figure = new_figure(width, max(side, 1.6) + names + 1.0, canvas)
    figure.suptitle(
        fill(title_of(found), int(_LETTERS_PER_INCH * width)),
        x=0.01,
        ha="left",
        fontsize=8.5,
        fontweight="bold",
    )
    left, right = figure.subplots(1, 2, sharey=True)
    _heat(figure, left, found, found.matrix("correlation"), "RdBu", -1.0, "rank correlation")
    _heat(figure, right, found, found.matrix("overlap"), "Blues", 0.0, "overlap of the top fifth")
    return figure


def _heat(
    figure: Any,
    axes: Any,
    found: ExplainerAgreement,
    values: FloatArray,
    colors: str,
    lowest: float,
    what: str,
) -> None:
    image = axes.imshow(np.ma.masked_invalid(values), cmap=colors, vmin=lowest, vmax=1.0)
    places = range(len(found.names))
    axes.set_xticks(places, found.names, rotation=90, fontsize=7)
    axes.set_yticks(places, found.names, fontsize=7)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row, column in np.ndindex(values.shape):
        if row != column:
            value = float(values[row, column])
            color = "white" if abs(value) > 0.6 else INK
            text = tau_text(value)
            axes.text(column, row, text, ha="center", va="center", fontsize=5, color=color)
    bar = figure.colorbar(image, ax=axes, location="top", shrink=0.5, aspect=40, label=what)
    bar.outline.set_visible(False)
