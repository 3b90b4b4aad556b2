"""Write docs/smoothing-and-sign.md: what a prior along time and a dropped sign buy, and cost.

    python perf/smoothing_and_sign.py FOLDER [--clips N]

FOLDER is where the run goes; the embedded dataset and model are used. A few minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

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
UNRELATED = ("clever-hans-clean",)  # of which localization says nothing good
RATE_HZ, HOP_SAMPLES = 16_000, 1_600  # of soundscapes, in segments of 0.1 s
PRODUCT = "input-x-gradient:baseline=dropped"
METRICS = {"roc-auc": "ROC-AUC ↑", "deletion-area": "Deletion area ↓"}

TEXT = """# Smoothing and sign

Every segment explainer takes `smoothing` and `sign`. Here are the same explanations four ways on
the embedded dataset and model ({instances} instances, {clips} clips; smoothed is a moving average
of 0.5 s).

Part of a forest's lead is that its impurity importance has no sign: read with signed TreeSHAP, the
same forest localizes little better than the regressions, and its magnitude much better. The
regressions themselves gain little by dropping their sign and much by smoothing, in fidelity too:
theirs is mostly noise of the fit. Where there is little noise (forest, keep-window, kernel-shap),
smoothing buys localization and loses fidelity. So the defaults stay plain and signed.

Every column is a run of its own: what draws masks of its own (kernel-shap) or trees (the forests)
draws anew, which alone moves kernel-shap by a few hundredths.

{tables}
## Gradients

Explainers that look inside have a relevance for every point of the spectrogram, and sum it over
frequency. Here are some with their sign, without the sign of the sums, and without the signs of the
points (`aggregation=abs-sum`).

With its sign, `input-x-gradient` stands at chance in localization and no better than `random` in
fidelity, and without it near the best. It is not that points of a segment cancel (both columns
without signs are alike): the sign of a whole segment is a matter of chance. Of as many segments of
the largest magnitude as lie inside the events, {product.inside:.0%} do lie there, and
{product.negative:.0%} of these are negative and ranked last. For the gradient at the clip says how
the score would change with a little more or less of a point, and not what it would lose without it;
a network that has heard enough of a sound gains nothing from more. Were the network linear, the
relevances of `input-x-gradient:baseline=dropped` would sum to what the score falls by when nothing
is left. They sum to {measured:.1f}; those of `integrated-gradients`, which do, to {integral:.1f}
(medians over the instances). Of its largest inside the events, {whole.negative:.0%} are negative
still.

So drop the sign of gradients to ask *where*; to ask what speaks for the target, read those signs
with `ff@10` beside them, or mask. The defaults are signed: so the methods are published, and boards
show what they give.

{gradients}
## ROC-AUC of gradients on the published boards

With the sign and without it, from the relevance that is published with them. It is not free: where
the signs are right, they carry fidelity. On `clever-hans-biased` the deletion area of
`integrated-gradients` is 0.07 with them and 0.15 without.

{published}

Made by `python perf/smoothing_and_sign.py`, see there.
"""


def reference(explainer: str, settings: str) -> str:
    """Join an explainer and further settings."""
    joint = "," if ":" in explainer else ":"
    return f"{explainer}{joint}{settings}" if settings else explainer


def table(
    board: Board, metric: str, title: str, explainers: Sequence[str], variants: dict[str, str]
) -> str:
    """Lay one metric out: explainers down, variants across."""
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
    """Lay all metrics out, one below the other."""
    return "\n".join(table(board, *pair, explainers, variants) for pair in titles.items())


def median_sum(folder: RunFolder, explainer: str) -> float:
    """Sum the relevance of each instance, and take the median of the sums."""
    [manifest] = folder.manifests()
    found = folder.store().relevances(manifest.dataset, manifest.model)
    return float(np.median([by_name[explainer].sum() for by_name in found.values()]))


def published() -> str:
    """Lay the published gradients out: explainers down, boards across, signed and absolute."""
    submitted, _ = read_folder(ROOT / "leaderboards" / "submissions")
    cells: dict[str, dict[str, str]] = {}
    for one in submitted:
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
    """Look at as many segments of the largest magnitude as lie inside the events."""
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
