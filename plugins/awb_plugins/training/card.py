"""The model card and the learning curve that a training leaves beside its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from awb_plugins.training.examples import Examples
from awb_plugins.training.judgement import SCORE_NAMES, Judgement
from awb_plugins.training.recipe import Recipe

if TYPE_CHECKING:
    from awb_plugins.training.fit import Epoch, Fitted

_DECADE = 10


def model_card(
    *,
    model: str,
    command: str,
    recipe: Recipe,
    examples: Mapping[str, Examples],
    labels: Mapping[str, str],
    trained: Sequence[Fitted],
    chosen: Fitted,
    judgements: Mapping[str, Judgement],
) -> str:
    """Write what a reader must know of a training, in Markdown."""
    lines = [f"# {model}", "", "Trained with", "", f"    {command}", ""]
    lines += ["| part | from | clips | groups |", "| --- | --- | ---: | ---: |"]
    for part, one in examples.items():
        lines.append(f"| {part} | {labels[part]} | {len(one)} | {len(set(one.units))} |")
    score = SCORE_NAMES[recipe.task]
    lines += [
        "",
        "No group, clip or copy of a clip is in two parts.",
        "",
        f"- **Task**: {recipe.task}, {recipe.sample_rate_hz} Hz.",
        f"- **Augmentation** (training part only): {', '.join(recipe.augment) or 'none'}.",
        (
            f"- **Epochs**: at most {recipe.epochs}, stopped after {recipe.patience} without an"
            f" improvement; the weights are those of epoch {chosen.best.number}"
            f" of {len(chosen.history)}, the best on validation."
        ),
        *(
            f"- **Seed {one.seed}**: validation {score} {one.best.validation.score:.3f}"
            f" in epoch {one.best.number}{', kept' if one is chosen else ''}."
            for one in trained
        ),
    ]
    for part, judged in judgements.items():
        lines += ["", f"## {part}: {score} {judged.score:.3f} over {judged.n} clips", ""]
        lines += ["| class | clips | average precision | recall | precision |"]
        lines += ["| --- | ---: | ---: | ---: | ---: |"]
        lines += [
            f"| {one.name} | {one.n} | {_number(one.average_precision)} | {_number(one.recall)}"
            f" | {_number(one.precision)} |"
            for one in judged.per_class
        ]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def draw_curve(path: Path, trained: Sequence[Fitted], score_name: str) -> None:
    """Draw the learning curves into a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    losses, scores = figure.subplots(1, 2)
    for place, fitted in enumerate(trained):
        colour, history = f"C{place}", fitted.history
        numbers = [epoch.number for epoch in history]
        seed = f"seed {fitted.seed}"
        losses.plot(
            numbers, [one.train_loss for one in history], "--", color=colour, label=f"{seed}, train"
        )
        losses.plot(numbers, _losses(history), color=colour, label=f"{seed}, validation")
        scores.plot(numbers, [one.validation.score for one in history], color=colour, label=seed)
        scores.plot(
            fitted.best.number, fitted.best.validation.score, "o", color=colour, label="kept"
        )
    losses.set(xlabel="epoch", ylabel="cross-entropy", yscale=_scale(trained))
    scores.set(xlabel="epoch", ylabel=f"validation {score_name}", ylim=(0, 1.02))
    for axes in (losses, scores):
        axes.grid(visible=True, alpha=0.3)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(fontsize="small")
    figure.savefig(path, dpi=110)


def _scale(trained: Sequence[Fitted]) -> str:
    """Choose a logarithmic axis where losses span more than a decade."""
    losses = [loss for one in trained for loss in _losses(one.history)]
    return "log" if max(losses) > _DECADE * min(losses) > 0 else "linear"


def _losses(history: Sequence[Epoch]) -> list[float]:
    return [one.validation.loss for one in history]
