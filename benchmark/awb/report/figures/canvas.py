"""Where a figure is drawn: in a figure of pyplot's, or in the axes of a caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from awb.errors import ParameterError
from awb.leaderboard.formats.text import counted


class Canvas:
    """Takes the place of a matplotlib figure, for a caller who wants axes in return.

    Without `ax`, panels lie in a new figure, of pyplot's if it is to be shown. Axes that are given
    are drawn into; one that is given for several panels makes room for them.

    Attributes
    ----------
    panels : matplotlib.axes.Axes or np.ndarray of them
        What was drawn into: one, or several in their order.
    figure : matplotlib.figure.Figure or None
        The new figure, unless axes were given.
    """

    def __init__(self, ax: Any = None, *, shown: bool = True) -> None:
        self.panels: Any = None
        self.figure: Any = None
        self._ax = ax
        if ax is None and shown:
            # Before a style is set: inside of one, pyplot would not find out about a notebook.
            from matplotlib import pyplot

            self.figure = pyplot.figure(layout="constrained")
        elif ax is None:
            from matplotlib.figure import Figure

            self.figure = Figure(layout="constrained")

    def sized(self, width_in: float, height_in: float) -> Canvas:
        """Give the figure its size, unless axes were given."""
        if self.figure is not None:
            self.figure.set_size_inches(width_in, height_in)
        return self

    def discard(self) -> None:
        """Close a figure that could not be drawn."""
        if self.figure is not None:
            from matplotlib import pyplot

            pyplot.close(self.figure)

    def subplots(self, rows: int = 1, columns: int = 1, **settings: Any) -> Any:
        """Return axes, as `matplotlib.figure.Figure.subplots` does."""
        squeeze = settings.pop("squeeze", True)
        if self.figure is not None:
            panels = self.figure.subplots(rows, columns, squeeze=False, **settings)
        else:
            panels = _given(self._ax, rows, columns, **settings)
        self.panels = panels[0, 0] if panels.size == 1 else panels.ravel()
        if not squeeze:
            return panels
        return panels[0, 0] if panels.size == 1 else panels.squeeze()

    def suptitle(self, text: str, **settings: Any) -> None:
        """Write a title over everything; over a part of a figure, there is no room for one."""
        if self.figure is not None:
            self.figure.suptitle(text, **settings)

    def colorbar(self, image: Any, *, ax: Any, **settings: Any) -> Any:
        """Add a colour bar beside axes."""
        return ax.figure.colorbar(image, ax=ax, **settings)

    def legend(self, handles: Sequence[Any], names: Sequence[str], **settings: Any) -> Any:
        """Add a legend, inside the last panel if the figure belongs to the caller."""
        if self.figure is not None:
            return self.figure.legend(handles, names, **settings)
        last = np.atleast_1d(self.panels)[-1]
        return last.legend(handles, names, **{**settings, "loc": "best"})


def _given(
    ax: Any,
    rows: int,
    columns: int,
    *,
    sharex: bool = False,
    sharey: bool = False,
    height_ratios: Sequence[float] | None = None,
) -> Any:
    """Return the axes that were given, or divide the place of the only one."""
    found = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
    if found.size == rows * columns:
        return found.reshape(rows, columns)
    place = found[0].get_subplotspec() if found.size == 1 else None
    if place is None:
        raise ParameterError(
            f"ax: this figure has {counted(rows * columns, 'panel')}; give as many axes, or one"
            f" from plt.subplots, whose place they share (got {found.size})"
        )
    found[0].remove()
    grid = place.subgridspec(rows, columns, height_ratios=height_ratios)
    return grid.subplots(sharex=sharex, sharey=sharey, squeeze=False)
