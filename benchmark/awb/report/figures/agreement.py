"""The heat map of agreement between metrics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from awb.errors import RunError
from awb.leaderboard.boards.agreement import Agreement, matrix
from awb.report.figures.style import save

_FORMATS = (".png", ".svg", ".pdf")


def draw(found: Sequence[Agreement], path: Path) -> None:
    """Save taus as a heat map; dark blue means agreement, dark red contradiction."""
    if path.suffix.lower() not in _FORMATS:
        raise RunError(f"cannot draw {path.name}: use a name that ends in {', '.join(_FORMATS)}")
    save(figure_of(found), path, path.suffix.lower()[1:])


def figure_of(found: Sequence[Agreement]) -> Any:
    """Draw taus as a heat map; dark blue means agreement, dark red contradiction."""
    from matplotlib.figure import Figure

    names, taus = matrix(found)
    size = 2.2 + 0.42 * len(names)
    figure = Figure(figsize=(size + 1.0, size), layout="constrained")
    axes = figure.subplots()
    shown = np.ma.masked_invalid(taus)
    image = axes.imshow(shown, cmap="RdBu", vmin=-1, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    for row, column in np.ndindex(taus.shape):
        if row != column:
            value = taus[row, column]
            text = "–" if np.isnan(value) else f"{value:.1f}".replace("0.", ".")
            color = "white" if abs(value) > 0.6 else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=7, color=color)
    first = found[0]
    limit = "" if first.budget is None else f", at most {first.budget:,} model calls"
    axes.set_title(f"{first.model} on {first.dataset}{limit}", fontsize=9)
    figure.colorbar(image, ax=axes, shrink=0.7, label="Kendall's tau")
    return figure
