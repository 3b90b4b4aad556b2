"""Every figure of a board, by its kind, as ``awb plot`` and Python draw them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from awb.errors import ParameterError, did_you_mean
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.agreement import agreements
from awb.leaderboard.boards.explainer_agreement import explainer_agreement
from awb.report.figures import agreement
from awb.report.figures import explainer_agreement as alike
from awb.report.figures.board import draw_board
from awb.report.figures.canvas import Canvas
from awb.report.figures.critical import draw_critical
from awb.report.figures.curves import draw_curves
from awb.report.figures.heatmap import draw_heatmap
from awb.report.figures.instance import chosen_explanations, draw_instance
from awb.report.figures.style import chosen_rows, metric_place
from awb.report.figures.whole_curves import KINDS as CURVES
from awb.report.figures.whole_curves import draw_whole_curves, mean_curves
from awb.report.views.board import BoardView, under_board_names
from awb.report.views.clips import Clips, require


@dataclass(frozen=True, slots=True)
class Asked:
    """What a figure is made of."""

    folder: RunFolder
    view: BoardView
    metrics: list[int]  # columns of the board
    explainers: list[str] | None
    clips: Callable[[], Clips]  # where the audio of an instance is
    instance: str = "1"


def columns_of(view: BoardView, metrics: list[str] | None) -> list[int]:
    """Find the columns of metrics; None for those that a board shows."""
    return [metric_place(view, name) for name in (view.headline if metrics is None else metrics)]


def draw(kind: str, asked: Asked, canvas: Canvas | None = None) -> Any:
    """Draw a figure of a kind."""
    if kind not in FIGURES:
        raise ParameterError(f"unknown kind of figure {kind!r}.{did_you_mean(kind, FIGURES)}")
    return FIGURES[kind](asked, canvas)


def _board(asked: Asked, canvas: Canvas | None) -> Any:
    rows = chosen_rows(asked.view, asked.explainers, None)
    return draw_board(asked.view, rows, asked.metrics, canvas)


def _curves(asked: Asked, canvas: Canvas | None) -> Any:
    rows = chosen_rows(asked.view, asked.explainers, 6)
    found = {kind: mean_curves(asked.folder, asked.view, rows, kind) for kind in CURVES}
    whole = {kind: curves for kind, curves in found.items() if curves}
    return draw_whole_curves(whole, canvas) if whole else draw_curves(asked.view, rows, canvas)


def _agreement(asked: Asked, canvas: Canvas | None) -> Any:
    metrics = [asked.view.board.metrics[column] for column in asked.metrics]
    return agreement.figure_of(agreements(replace(asked.view.data, metrics=metrics)), canvas)


def _explainers(asked: Asked, canvas: Canvas | None) -> Any:
    manifest = asked.view.data.manifest
    stored = asked.folder.store().relevances(manifest.dataset, manifest.model)
    found = explainer_agreement(asked.view.data, under_board_names(stored, asked.view.data))
    return alike.figure_of(found, canvas)


def _critical(asked: Asked, canvas: Canvas | None) -> Any:
    return draw_critical(asked.view, asked.metrics[0], asked.explainers, canvas)


def _heatmap(asked: Asked, canvas: Canvas | None) -> Any:
    rows = chosen_rows(asked.view, asked.explainers, None)
    return draw_heatmap(asked.view, rows, asked.metrics[0], canvas)


def _instance(asked: Asked, canvas: Canvas | None) -> Any:
    one = asked.view.instance(asked.instance)
    heard = require(asked.clips(), one)
    metric = asked.view.board.metrics[asked.metrics[0]].name
    rows = chosen_explanations(one, asked.explainers)
    return draw_instance(one, heard, rows, metric, canvas=canvas).figure


FIGURES: Mapping[str, Callable[[Asked, Canvas | None], Any]] = MappingProxyType(
    {
        "board": _board,
        "curves": _curves,
        "agreement": _agreement,
        "explainers": _explainers,
        "cd": _critical,
        "heatmap": _heatmap,
        "instance": _instance,
    }
)
