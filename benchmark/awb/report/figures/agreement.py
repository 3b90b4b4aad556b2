"""The heat map of agreement between metrics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from awb.errors import RunError
from awb.leaderboard.boards.agreement import Agreement, matrix
from awb.leaderboard.formats.text import limit_text
from awb.report.figures.canvas import Canvas
from awb.report.figures.style import FORMATS, INK, new_figure, save, styled

_LETTERS_PER_INCH = 11


def draw(found: Sequence[Agreement], path: Path) -> None:
    """Save taus as a heat map, in the format that the name of the file says."""
    save(figure_of(found), path, form_of(path))


def form_of(path: Path) -> str:
    """Return the format that the name of a file says."""
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        known = ", ".join(f".{one}" for one in FORMATS)
        raise RunError(f"cannot draw {path.name}: use a name that ends in {known}")
    return form


@styled
def figure_of(found: Sequence[Agreement], canvas: Canvas | None = None) -> Any:
    """Draw taus as a heat map; dark blue means agreement, dark red contradiction."""
    names, taus = matrix(found)
    size = 2.2 + 0.42 * len(names)
    figure = new_figure(size + 1.0, size, canvas)
    first = found[0]
    title = f"{first.model} on {first.dataset}{limit_text(first.budget)}"
    lines = fill(title, int(_LETTERS_PER_INCH * (size + 1.0)))
    figure.suptitle(lines, x=0.01, ha="left", fontsize=8.5, fontweight="bold")
    axes = figure.subplots()
    image = axes.imshow(np.ma.masked_invalid(taus), cmap="RdBu", vmin=-1, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row, column in np.ndindex(taus.shape):
        if row != column:
            value = float(taus[row, column])
            color = "white" if abs(value) > 0.6 else INK
            axes.text(
                column, row, tau_text(value), ha="center", va="center", fontsize=7, color=color
            )
    bar = figure.colorbar(image, ax=axes, shrink=0.7, label="Kendall's tau")
    bar.outline.set_visible(False)
    return figure


def tau_text(value: float) -> str:
    """Write a tau in as few characters as possible, or a dash for NaN.

    Examples
    --------
    >>> tau_text(0.84), tau_text(-0.25), tau_text(-0.04), tau_text(1.0)
    ('.8', '-.2', '.0', '1.0')
    """
    return "–" if np.isnan(value) else f"{value:z.1f}".replace("0.", ".")
