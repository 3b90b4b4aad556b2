"""The figures of docs/findings.md."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from finding_answers import FIDELITY, LOCALIZATION, PLAYERS, Compared
from finding_metrics import SIZES, Carried
from published_values import Board

from awb.report.figures.style import COLORS, INK, RULE, SOFT, styled

MARKED = {
    "kernel-shap": COLORS[5],
    "random-forest": COLORS[0],
    "integrated-gradients": COLORS[1],
    "window-shap": COLORS[2],
    "run-correlation": COLORS[3],
    "energy": COLORS[4],
}


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Any, output: Path) -> None:
    figure.savefig(output, metadata={"Date": None})


def broken(title: str, longest: int = 34) -> str:
    """Break the title of a board into lines for a figure."""
    return "\n".join(textwrap.wrap(title, longest))


@styled
def draw_players(found: Sequence[Compared], output: Path) -> None:
    """Draw the differences of longer players from those of 100 ms, a line for each board."""
    titles = list(dict.fromkeys(one.board.title for one in found))
    figure = _figure(6.3, 0.9 + 0.42 * len(titles))
    axes = figure.subplots()
    for one in found:
        at = PLAYERS.index(one.row)
        height = titles.index(one.board.title) + (at - 1) * 0.2
        axes.plot([one.gap.low, one.gap.high], [height] * 2, color=COLORS[at], linewidth=1)
        axes.plot(
            one.gap.mean, height, "o", color=COLORS[at], markersize=4,
            markerfacecolor=COLORS[at] if one.better or one.worse else "white", label=one.row,
        )  # fmt: skip
    axes.axvline(0, color=SOFT, linewidth=0.6)
    axes.set_yticks(range(len(titles)), [broken(one) for one in titles])
    axes.invert_yaxis()
    axes.set_xlabel("ROC-AUC above that of kernel-shap on players of 100 ms (95 %)")
    handles, labels = axes.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=3)
    _save(figure, output)


@styled
def draw_agreement(boards: Sequence[Board], output: Path) -> None:
    """Draw every explainer by localization and deletion, a panel for each board."""
    columns = min(3, len(boards))
    lines = math.ceil(len(boards) / columns)
    figure = _figure(2.15 * columns + 0.2, 2.15 * lines + 0.5)
    grid = figure.subplots(lines, columns, squeeze=False)
    for board, axes in zip(boards, grid.ravel(), strict=False):
        names = [*board.rows, *(["energy"] if "energy" in board.values[LOCALIZATION] else [])]
        for name in names:
            at = board.mean(LOCALIZATION, name), board.mean(FIDELITY[0], name)
            marked = name in MARKED
            axes.plot(
                *at, "D" if name == "energy" else "o", color=MARKED.get(name, RULE),
                markeredgecolor=MARKED.get(name, SOFT), markeredgewidth=0.4,
                markersize=5 if marked else 3.2, label=name if marked else "_other",
                zorder=3 if marked else 2,
            )  # fmt: skip
        axes.set_title(broken(board.title, 27), fontsize=7)
        axes.grid(visible=True)
        axes.invert_yaxis()
    for axes in grid.ravel()[len(boards) :]:
        axes.set_visible(False)
    figure.supxlabel("ROC-AUC (right is better)", fontsize=8, color=INK)
    figure.supylabel("deletion area (up is better)", fontsize=8, color=INK)
    named = {
        label: handle
        for axes in grid.ravel()
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=3)
    _save(figure, output)


@styled
def draw_metrics(found: Carried, output: Path) -> None:
    """Draw the correlations of all metrics, groups beside each other."""
    order = [found.names.index(name) for group in found.groups for name in group]
    size = 1.6 + 0.14 * len(order)
    figure = _figure(size + 0.5, size)
    axes = figure.subplots()
    image = axes.imshow(
        found.correlations[np.ix_(order, order)], cmap="RdBu", vmin=-1, vmax=1, rasterized=False
    )
    labels = [found.names[at] for at in order]
    axes.set_xticks(range(len(order)), labels, rotation=90, fontsize=6)
    axes.set_yticks(range(len(order)), labels, fontsize=6)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    start = -0.5
    for group in found.groups:
        if len(group) > 1:
            ends = [start, start + len(group)]
            axes.plot(
                [ends[0], ends[1], ends[1], ends[0], ends[0]],
                [ends[0], ends[0], ends[1], ends[1], ends[0]],
                color=INK, linewidth=0.8,
            )  # fmt: skip
        start += len(group)
    figure.colorbar(image, ax=axes, shrink=0.5, label="rank correlation")
    _save(figure, output)


@styled
def draw_power(found: dict[str, dict[int, float]], output: Path) -> None:
    """Draw the share of pairs told apart against the number of instances."""
    figure = _figure(6.3, 3.0)
    axes = figure.subplots()
    for at, (title, shares) in enumerate(found.items()):
        axes.plot(
            list(shares), [100 * share for share in shares.values()], marker="o", markersize=3.5,
            linewidth=1, color=COLORS[at % len(COLORS)], label=broken(title, 44),
            linestyle=("-", "--", ":")[at // len(COLORS) % 3],
        )  # fmt: skip
    axes.set_xscale("log")
    sizes = sorted({*SIZES, *(size for each in found.values() for size in each)})
    shown = [size for at, size in enumerate(sizes) if at == 0 or size / sizes[at - 1] > 1.15]
    axes.set_xticks(shown, [str(size) for size in shown])
    axes.minorticks_off()
    axes.set_ylim(0, 100)
    axes.set_xlabel("instances")
    axes.set_ylabel("pairs told apart (%)")
    axes.grid(visible=True)
    figure.legend(loc="outside right upper", fontsize=6.5)
    _save(figure, output)
