"""The figure of docs/model-calls.md: quality of explanations against model calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from model_calls_page import BUDGETS, Scores

SHOWN = {
    "run-correlation": "#0072B2",
    "adaptive": "#009E73",
    "random-forest": "#D55E00",
    "correlation": "#CC79A7",
    "lasso": "#E69F00",
    "ridge": "#56B4E9",
    "kernel-shap": "#000000",
}
FIXED = ("keep-window:window_s=1.0:hop_s=0.2", "naive", "greedy")
PANELS = ((1, "ROC-AUC"), (3, "fall of the probability\nwithout the top 10 %"))


def draw(scores: Scores, output: Path) -> None:
    """Draw one panel per score, with budgets as lines and fixed costs as points."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, (column, title) in zip(figure.subplots(1, 2), PANELS, strict=True):
        for name, color in SHOWN.items():
            points = [
                (budget, np.mean([row[column] for row in scores[name, budget].values()]))
                for budget in BUDGETS
                if (name, budget) in scores
            ]
            axes.plot(*zip(*points, strict=True), "o-", color=color, label=name, markersize=4)
        for name, marker in zip(FIXED, "*sv", strict=True):
            calls, *values = np.mean(list(scores[name, 0].values()), axis=0)
            label = name.replace(":window_s=1.0:hop_s=0.2", ", 1 s") + f" ({calls:.0f} calls)"
            axes.plot(calls, values[column - 1], marker, color="0.35", label=label, markersize=8)
        axes.set_xscale("log")
        axes.set_xticks(BUDGETS, [f"{budget:,}" for budget in BUDGETS])
        axes.minorticks_off()
        axes.set_xlabel("model calls an instance")
        axes.set_ylabel(title)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8)
    figure.savefig(output, metadata={"Date": None})
