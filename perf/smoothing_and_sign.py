"""Write docs/smoothing-and-sign.md: the effects of smoothing along time and of dropping the sign.

    python perf/smoothing_and_sign.py FOLDER [--clips N]

FOLDER is the run folder; the embedded dataset and model are used. It takes a few minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from awb.data.instance_kinds import only_hits
from awb.harness.config.run_config import make_config
from awb.harness.run import run
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.verification.published_folder import read_folder
from awb.metrics import roc_auc
from awb.plugins.discovery import load
from awb.segments import POSITIVE, Segments, labels_from_coverage

ROOT = Path(__file__).resolve().parents[1]
EXPLAINERS = (
    "random-forest",
    "random-forest:attribution=shap",
    "linear-regression",
    "ridge",
    "lasso",
    "lime",
    "kernel-shap",
    "keep-window",
    "naive",
)
VARIANTS = {
    "as it is": "",
    "absolute": "sign=absolute",
    "smoothed": "smoothing=moving-average",
    "smoothed, absolute": "smoothing=moving-average,sign=absolute",
}
GRADIENTS = (
    "input-x-gradient",
    "smoothgrad",
    "integrated-gradients",
    "deeplift",
    "gradient-shap",
    "deep-shap",
    "lrp-epsilon",
)
GRADIENT_VARIANTS = {
    "as it is": "",
    "absolute": "sign=absolute",
    "absolute before summing": "aggregation=abs-sum",
}
PUBLISHED = (*GRADIENTS, "guided-backprop", "grad-cam")
UNRELATED = ("clever-hans-clean",)  # for which localization is not a measure of quality
RATE_HZ, HOP_SAMPLES = 16_000, 1_600  # of soundscapes, in segments of 0.1 s
PRODUCT = "input-x-gradient:baseline=dropped"
METRICS = {"roc-auc": "ROC-AUC ↑", "deletion-area": "Deletion area ↓"}

TEXT = """# Smoothing and sign

Every segment explainer has the settings `smoothing` and `sign`. Here are the same explanations with
four combinations on the embedded dataset and model ({instances} instances, {clips} clips; smoothed
is a moving average of 0.5 s).

Forests lead partly because impurity importance has no sign: with signed TreeSHAP, the same forest
localizes little better than the regressions, while the magnitude of its values does much better.
The regressions themselves gain little from dropping the sign and much from smoothing, in fidelity
too: their values contain much fitting noise. Where there is little noise (forest, keep-window,
kernel-shap), smoothing improves localization at the cost of fidelity. So the defaults are
unsmoothed and signed.

Explainers that draw their own masks (kernel-shap) or trees (the forests) draw them again for every
column, which alone changes kernel-shap by a few hundredths.

{tables}
## Gradients

Gradient-based explainers compute a relevance for every point of the spectrogram, and sum it over
frequency. Here are some with their sign, without the sign of the sums, and without the signs of the
points (`aggregation=abs-sum`).

With its sign, `input-x-gradient` is at chance in localization and no better than `random` in
fidelity; without it, it is near the best. Cancelling of points within a segment is not the reason
(both unsigned columns are alike): the sign of a whole segment is a matter of chance. Of the
segments with the largest magnitudes, counting as many as lie inside the events,
{product.inside:.0%} do lie there, and {product.negative:.0%} of these are negative and ranked last.
The gradient at the clip describes how the score would change with a little more or less of a point,
not what would be lost without it; a network that has heard enough of a sound gains nothing from
more. If the network were linear, the relevances of `input-x-gradient:baseline=dropped` would sum to
the loss of score when everything is dropped. They sum to {measured:.1f}; those of
`integrated-gradients`, which do, to {integral:.1f} (medians over the instances). Of its largest
magnitudes inside the events, {whole.negative:.0%} are still negative.

So ignore the sign of gradients when asking *where*; when asking what is evidence for the target,
check the signs against `ff@10`, or use an explainer that masks. The defaults are signed, as the
methods were published, and boards show them as such.

{gradients}
## ROC-AUC of gradients on the published boards

With and without the sign, computed from the published relevance. Dropping the sign has a price:
where signs are right, fidelity depends on them. On `clever-hans-biased` the deletion area of
`integrated-gradients` is 0.07 with signs and 0.15 without.

{published}

Made by `python perf/smoothing_and_sign.py`.
"""


def reference(explainer: str, settings: str) -> str:
    """Append settings to a reference of an explainer."""
    joint = "," if ":" in explainer else ":"
    return f"{explainer}{joint}{settings}" if settings else explainer


def table(
    board: Board, metric: str, title: str, explainers: Sequence[str], variants: dict[str, str]
) -> str:
    """Make the table of one metric: explainers as rows, variants as columns."""
    column = [facts.name for facts in board.metrics].index(metric)
    means = {row.explainer: row.cells[column] for row in board.rows}
    lines = [
        f"## {title}\n",
        "| explainer | " + " | ".join(variants) + " |",
        "| --- |" + " ---: |" * len(variants),
    ]
    for explainer in explainers:
        cells = []
        for settings in variants.values():
            wanted = set(reference(explainer, settings).replace(":", ",").split(","))
            [cell] = [
                cell
                for name, cell in means.items()
                if set(name.replace(":", ",").split(",")) == wanted
            ]
            cells.append(f"{cell.mean:.3f} [{cell.low:.2f}, {cell.high:.2f}]")
        lines.append(f"| {explainer} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def tables(
    board: Board, titles: dict[str, str], explainers: Sequence[str], variants: dict[str, str]
) -> str:
    """Make the tables of all metrics."""
    return "\n".join(table(board, *pair, explainers, variants) for pair in titles.items())


def median_sum(folder: RunFolder, explainer: str) -> float:
    """Return the median over instances of the sum of relevance."""
    [manifest] = folder.manifests()
    found = folder.store().relevances(manifest.dataset, manifest.model)
    return float(np.median([by_name[explainer].sum() for by_name in found.values()]))


def published() -> str:
    """Make the table of published gradients, signed and absolute, with boards as columns."""
    submitted, _ = read_folder(ROOT / "leaderboards" / "submissions")
    cells: dict[str, dict[str, str]] = {}
    for one in only_hits(submitted):
        name = one.record.explainer.label
        if name in PUBLISHED:
            found = [
                (relevance, labels_from_coverage(one.segments(row).coverage(kept.intervals_s)))
                for row, relevance in zip(one.record.instances, one.relevance, strict=True)
                for kept in [one.kept[row.clip_id, row.target]]
                if relevance is not None
            ]
            signed = np.mean([roc_auc(relevance, labels) for relevance, labels in found])
            absolute = np.mean([roc_auc(np.abs(relevance), labels) for relevance, labels in found])
            board = cells.setdefault(one.record.model.label, {})
            board[name] = f"{signed:.2f}, {absolute:.2f}"
    models = sorted(model for model in cells if model not in UNRELATED)
    rows = [[name, *(cells[model].get(name, "") for model in models)] for name in PUBLISHED]
    head = f"| explainer | {' | '.join(models)} |\n| --- |{' ---: |' * len(models)}\n"
    return head + "\n".join(f"| {' | '.join(row)} |" for row in rows)


class Signs(NamedTuple):
    """Where the largest magnitudes lie, and how many of those inside the events are negative."""

    inside: float
    negative: float


def signs(folder: RunFolder, explainer: str) -> Signs:
    """Compute both shares for as many top segments by magnitude as lie inside the events."""
    [manifest] = folder.manifests()
    found = folder.store().relevances(manifest.dataset, manifest.model)
    rows = []
    for one in manifest.kept:
        relevance = found[one.clip_id, one.target][explainer]
        segments = Segments(relevance.size * HOP_SAMPLES, RATE_HZ)
        inside = labels_from_coverage(segments.coverage(one.intervals_s)) == POSITIVE
        top = np.argsort(-np.abs(relevance), kind="stable")[: inside.sum()]
        rows.append((inside[top].mean(), (relevance[top[inside[top]]] < 0).mean()))
    return Signs(*np.mean(rows, axis=0))


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "smoothing-and-sign.md")
    given = parser.parse_args()
    rows = [
        *product(EXPLAINERS, VARIANTS.values()),
        *product(GRADIENTS, GRADIENT_VARIANTS.values()),
        (PRODUCT, ""),
    ]
    config = make_config(
        datasets=[f"soundscapes:clips={given.clips}"],
        explainers=[reference(*pair) for pair in rows],
        metrics=list(METRICS),
    )
    folder = run(config, given.folder)
    [board] = boards(folder, load())
    given.output.write_text(
        TEXT.format(
            instances=board.n_instances,
            clips=board.n_clips,
            tables=tables(board, METRICS, EXPLAINERS, VARIANTS),
            gradients=tables(
                board,
                {name: f"{title} of gradients" for name, title in METRICS.items()},
                GRADIENTS,
                GRADIENT_VARIANTS,
            ),
            published=published(),
            product=signs(folder, "input-x-gradient"),
            whole=signs(folder, "integrated-gradients"),
            measured=median_sum(folder, PRODUCT),
            integral=median_sum(folder, "integrated-gradients"),
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
