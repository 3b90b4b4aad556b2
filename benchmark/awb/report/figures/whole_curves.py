"""Whole deletion and insertion curves, which the run stored for every cell.

Clips have different numbers of cells, so every curve is interpolated linearly at the same fractions
of its clip. Means are over the instances for which all drawn explainers have a curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from awb.errors import RunError
from awb.harness.storage.run_folder import RunFolder
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import FULL_COVERAGE, BoardRow
from awb.randomness import RandomKey
from awb.report.figures.canvas import Canvas
from awb.report.figures.style import COLORS, DASHES, SOFT, new_figure, styled
from awb.report.views.board import BoardView, under_board_names
from awb.statistics import Interval, mean_intervals

KINDS = {
    "deletion": "most relevant part, dropped",
    "insertion": "most relevant part, kept alone",
}
STEPS = 50
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class MeanCurve:
    """The mean of an explainer's curves of the target's probability, with intervals over clips."""

    explainer: str
    baseline: bool
    points: tuple[Interval, ...]  # at 0, 2, ..., 100 % of the clip


def resampled(curve: FloatArray, steps: int = STEPS) -> FloatArray:
    """Interpolate a curve at equally spaced fractions of its clip.

    Examples
    --------
    >>> resampled(np.array([1.0, 0.5, 0.0]), 4).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """
    wanted = np.linspace(0, curve.size - 1, steps + 1)
    return np.asarray(np.interp(wanted, np.arange(curve.size), curve))


def mean_curves(
    folder: RunFolder, view: BoardView, rows: Sequence[BoardRow], kind: str
) -> list[MeanCurve]:
    """Average the stored curves of the given explainers."""
    manifest = view.data.manifest
    stored = under_board_names(
        folder.store().curves(manifest.dataset, manifest.model, kind), view.data
    )
    if not stored:
        return []
    lacking = [
        row.explainer
        for row in rows
        if sum(row.explainer in found for found in stored.values()) < FULL_COVERAGE * len(stored)
    ]
    if lacking:
        raise RunError(
            f"the {kind} curve is missing on too many instances for {', '.join(lacking)}; leave"
            " them out with --explainers"
        )
    names = [row.explainer for row in rows]
    common = [pair for pair, found in stored.items() if all(name in found for name in names)]
    clips = [clip_id for clip_id, _ in common]
    key = RandomKey((view.data.seed, "curves", kind))
    return [
        MeanCurve(
            row.explainer,
            row.baseline,
            tuple(
                mean_intervals(
                    np.array([resampled(stored[pair][row.explainer]) for pair in common]),
                    clips,
                    lowest=0,
                    highest=1,
                    resamples=RESAMPLES,
                    rng=key.generator(row.explainer),
                )
            ),
        )
        for row in rows
    ]


@styled
def draw_whole_curves(
    curves: Mapping[str, Sequence[MeanCurve]], canvas: Canvas | None = None
) -> Any:
    """Draw mean curves, one panel per kind."""
    figure = new_figure(2.3 + 2.3 * len(curves), 3.0, canvas)
    panels = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    percents = np.linspace(0, 100, STEPS + 1)
    handles: dict[str, Any] = {}
    for axes, (kind, some) in zip(panels, curves.items(), strict=True):
        drawn = grey = 0
        for curve in some:
            color = SOFT if curve.baseline else COLORS[drawn % len(COLORS)]
            dash = DASHES[(grey if curve.baseline else drawn) % len(DASHES)]
            drawn, grey = drawn + (not curve.baseline), grey + curve.baseline
            width = 0.8 if curve.baseline else 1.3
            means = [point.mean for point in curve.points]
            [line] = axes.plot(percents, means, dash, color=color, linewidth=width)
            handles[curve.explainer] = line
            if not curve.baseline:
                low, high = ([getattr(point, end) for point in curve.points]
                             for end in ("low", "high"))  # fmt: skip
                axes.fill_between(percents, low, high, color=color, alpha=0.1, linewidth=0)
        axes.set_title(kind)
        axes.set_xlim(0, 100)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xticks([0, 50, 100], ["0 %", "50 %", "100 %"])
        axes.set_xlabel(KINDS[kind])
        axes.grid()
        axes.set_axisbelow(True)
    panels[0].set_ylabel("probability of the target")
    figure.legend(
        list(handles.values()), list(handles), loc="outside right center", fontsize=7.5,
        handlelength=2.6,
    )  # fmt: skip
    return figure
