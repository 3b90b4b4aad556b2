"""One instance as a figure: spectrogram, events, and one row of relevance per explainer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from awb.errors import UnknownNameError, did_you_mean
from awb.intervals import FloatArray
from awb.report.figures.canvas import Canvas
from awb.report.figures.style import COLORS, EVENT, INK, RULE, SOFT, new_figure, styled
from awb.report.views.board import ExplanationView, InstanceView
from awb.report.views.clips import Heard
from awb.report.views.spectrogram import RANGE_DB, spectrogram

DEFAULT_ROWS = 6


def chosen_explanations(
    instance: InstanceView, names: Sequence[str] | None
) -> list[ExplanationView]:
    """Choose explanations to draw."""
    found = {one.explainer: one for one in instance.explanations}
    if names is None:
        return [one for one in instance.explanations if not one.baseline][:DEFAULT_ROWS]
    for name in names:
        if name not in found:
            hint = did_you_mean(name, found)
            raise UnknownNameError(f"{instance.name} has no explanation by {name!r}.{hint}")
    return [found[name] for name in names]


@dataclass(frozen=True, slots=True)
class InstanceFigure:
    """A drawn instance."""

    figure: Any  # matplotlib.figure.Figure
    panels: tuple[Any, ...]  # axes: the sound, then one row per explainer, with a shared time axis


@styled
def draw_instance(
    instance: InstanceView,
    heard: Heard,
    explanations: Sequence[ExplanationView],
    metric: str,
    *,
    size_in: tuple[float, float] | None = None,
    canvas: Canvas | None = None,
) -> InstanceFigure:
    """Draw an instance."""
    rows = len(explanations)
    figure = new_figure(*(size_in or (6.6, 1.75 + 0.52 * rows)), canvas)
    panels = figure.subplots(
        rows + 1, 1, sharex=True, squeeze=False, height_ratios=[2.2, *([1.0] * rows)]
    )[:, 0]
    clip = heard.clip
    edges_s = heard.segments.edges_samples / clip.sample_rate_hz
    _draw_sound(panels[0], instance, heard)
    for axes, one, place in zip(panels[1:], explanations, range(rows), strict=True):
        _draw_row(axes, one, edges_s, COLORS[place % len(COLORS)])
        score = one.scores.get(metric, math.nan)
        value = "" if math.isnan(score) else f"  {score:z.3f}"
        axes.set_title(one.explainer, fontsize=7.5, pad=1.5)
        axes.set_title(f"{metric}{value}" if value else "", fontsize=7, pad=1.5, loc="right",
                       fontweight="normal", color=SOFT)  # fmt: skip
    for axes in panels:
        for onset, offset in instance.kept.intervals_s:
            axes.axvspan(onset, offset, color=EVENT, alpha=0.22, linewidth=0, zorder=0.5)
            for edge in (onset, offset):
                axes.axvline(edge, color=EVENT, linewidth=0.6, linestyle=(0, (3, 2)))
        axes.set_xlim(0, edges_s[-1])
    panels[-1].set_xlabel("seconds")
    return InstanceFigure(figure, tuple(panels))


def _draw_sound(axes: Any, instance: InstanceView, heard: Heard) -> None:
    """Draw the spectrogram."""
    clip = heard.clip
    picture = spectrogram(clip.waveform, clip.sample_rate_hz, bins=128, frames=800)
    axes.imshow(
        picture.levels, cmap="Greys", aspect="auto", vmin=0, vmax=255,
        extent=(0, clip.duration_s, 0, 1), interpolation="bilinear", rasterized=True,
    )  # fmt: skip
    axes.set_yticks([height for height, _ in picture.ticks[::2]],
                    [name for _, name in picture.ticks[::2]], fontsize=7)  # fmt: skip
    axes.set_title(f"{instance.kept.target} in {clip.id}", pad=3)
    axes.set_title(f"spectrogram, {RANGE_DB:.0f} dB", loc="right", fontsize=7, color=SOFT,
                   fontweight="normal", pad=3)  # fmt: skip


def _draw_row(axes: Any, one: ExplanationView, edges_s: FloatArray, color: str) -> None:
    """Draw one explainer's relevance as steps."""
    largest = float(np.abs(one.relevance).max()) or 1.0
    axes.stairs(
        one.relevance / largest,
        edges_s,
        baseline=0,
        fill=True,
        color=color,
        alpha=0.35,
        linewidth=0,
    )
    axes.stairs(one.relevance / largest, edges_s, baseline=None, color=color, linewidth=1.0)
    if one.uncertainty is not None:  # the standard error of each cell's relevance
        low, high = one.relevance - one.uncertainty, one.relevance + one.uncertainty
        axes.vlines((edges_s[:-1] + edges_s[1:]) / 2, low / largest, high / largest,
                    color=color, linewidth=0.7, alpha=0.6)  # fmt: skip
    axes.axhline(0, color=RULE, linewidth=0.6, zorder=0.6)
    axes.set_yticks([])
    axes.set_ylim(min(-0.06, float(one.relevance.min()) / largest * 1.08), 1.08)
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelcolor=INK)
