"""Whether explanations stay the same where they should, and change where they should."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from finding_answers import Finding, largest, rng
from published_values import Board, facts_of

from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry
from awb.statistics import Interval, mean_interval

SEED, LOGIT = "seed-stability", "random-logit"
COLUMNS = {
    SEED: "another seed",
    "shift-equivariance": "moved in time",
    "noise-stability-white": "faint noise",
    LOGIT: "another class",
    "model-randomization": "random weights",
}
LEAST_BOARDS = 5
NAMED = (
    "kernel-shap", "linear-regression", "random-forest", "run-correlation",
    "kernel-shap:window_s=0.5", "window-shap",
)  # fmt: skip
STEADY, SAME = 0.97, 0.4


def robustness(boards: Sequence[Board], registry: Registry) -> Finding:
    """Pool the instances that were explained again over all boards."""
    question = "Would another seed give the same explanation, and another class another?"
    found = pooled(largest(boards), registry)
    if not found:
        return Finding(
            "robustness", question, ["No board has instances that were explained again."]
        )
    order = sorted(found, key=lambda name: found[name][SEED].mean)
    rows = [[f"`{name}`", *(text(found[name].get(metric)) for metric in COLUMNS)] for name in order]
    return Finding(
        "robustness",
        question,
        [_seeds(found, order), _classes(found)],
        ["explainer", *COLUMNS.values()],
        rows,
        note="Rank correlation of an explanation with that of the same instance under another seed"
        " (`seed-stability`), after the clip was moved in time (`shift-equivariance`), with faint"
        " white noise (`noise-stability-white`); similarity to the explanation of a random other"
        " class (`random-logit`) and to that of the model with random weights"
        " (`model-randomization`), where lower is better. All with at most 300 masks. Means with"
        " 95 % intervals over clips, of the instances that each board explains again;"
        f" explainers of at least {LEAST_BOARDS} boards.",
    )


def pooled(boards: Sequence[Board], registry: Registry) -> dict[str, dict[str, Interval]]:
    """Mean of every column over the instances of all boards, by explainer."""
    found: dict[str, dict[str, Interval]] = {}
    for name in sorted({name for one in boards for name in one.rows}):
        own = [one for one in boards if name in one.rows and SEED in one.values]
        own = [one for one in own if name in one.values[SEED] and _values(one, SEED, name).size]
        if len(own) < LEAST_BOARDS:
            continue
        cells = {
            metric: _mean([_values(one, metric, name) for one in own], facts_of(metric, registry))
            for metric in COLUMNS
        }
        found[name] = {metric: cell for metric, cell in cells.items() if cell is not None}
    return found


def _values(board: Board, metric: str, name: str) -> pd.Series:
    """Read the values of a row, with clips that no other board has."""
    if metric not in board.values or name not in board.values[metric]:
        return pd.Series(dtype=float)
    values = board.values[metric][name].dropna()
    clips = values.index.get_level_values("clip_id")
    return values.set_axis([f"{board.folder} {board.budget} {clip}" for clip in clips])


def _mean(parts: Sequence[pd.Series], facts: MetricFacts) -> Interval | None:
    values = pd.concat(parts)
    if values.index.nunique() < LEAST_BOARDS:
        return None
    return mean_interval(
        values.to_numpy(),
        np.asarray(values.index),
        lowest=facts.lowest,
        highest=facts.highest,
        resamples=2000,
        rng=rng(),
    )


def text(cell: Interval | None) -> str:
    """Write a mean with its interval."""
    return "" if cell is None else f"{cell.mean:.2f} [{cell.low:.2f}, {cell.high:.2f}]"


def _seeds(found: dict[str, dict[str, Interval]], order: Sequence[str]) -> str:
    steady = [name for name in order if found[name][SEED].mean >= STEADY]
    named = [name for name in order if name in NAMED]
    told = ", ".join(f"{text(found[name][SEED])} for `{name}`" for name in named)
    return (
        f"**With 300 masks, the relevance of another seed correlates (ranks of the segments) by"
        f" {told}.** Of {len(order)} explainers on at least {LEAST_BOARDS} boards, {len(steady)}"
        f" give the same ranks again (at least {STEADY}): they draw nothing, or hardly anything."
    )


def _classes(found: dict[str, dict[str, Interval]]) -> str:
    alike = {
        name: cells[LOGIT]
        for name, cells in found.items()
        if LOGIT in cells and cells[LOGIT].mean >= SAME
    }
    if not alike:
        return "No explainer explains a random other class nearly as it explains the first."
    told = ", ".join(
        f"`{name}` ({text(cell)})"
        for name, cell in sorted(alike.items(), key=lambda item: -item[1].mean)
    )
    return (
        f"Much the same explanation for a random other class (similarity of at least {SAME}) comes"
        f" from {told}."
    )
