"""Write docs/smoothing-and-sign.md: what a prior along time and a dropped sign buy, and cost.

    python perf/smoothing_and_sign.py FOLDER [--clips N]

FOLDER is where the run goes; the embedded dataset and model are used. A few minutes.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

from awb.harness.config import make_config
from awb.harness.runner import run
from awb.leaderboard.board import Board
from awb.leaderboard.making import boards
from awb.plugins import load

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

{tables}
Made by `python perf/smoothing_and_sign.py`, see there.
"""


def reference(explainer: str, settings: str) -> str:
    """Join an explainer and further settings."""
    joint = "," if ":" in explainer else ":"
    return f"{explainer}{joint}{settings}" if settings else explainer


def table(board: Board, metric: str, title: str) -> str:
    """Lay one metric out: explainers down, variants across."""
    column = [facts.name for facts in board.metrics].index(metric)
    means = {row.explainer: row.cells[column] for row in board.rows}
    lines = [
        f"## {title}\n",
        "| explainer | " + " | ".join(VARIANTS) + " |",
        "| --- |" + " ---: |" * len(VARIANTS),
    ]
    for explainer in EXPLAINERS:
        cells = []
        for settings in VARIANTS.values():
            wanted = set(reference(explainer, settings).replace(":", ",").split(","))
            [cell] = [
                cell
                for name, cell in means.items()
                if set(name.replace(":", ",").split(",")) == wanted
            ]
            cells.append(f"{cell.mean:.3f} [{cell.low:.2f}, {cell.high:.2f}]")
        lines.append(f"| {explainer} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "smoothing-and-sign.md")
    given = parser.parse_args()
    config = make_config(
        datasets=[f"soundscapes:clips={given.clips}"],
        explainers=[reference(*pair) for pair in product(EXPLAINERS, VARIANTS.values())],
        metrics=list(METRICS),
    )
    [board] = boards(run(config, given.folder), load())
    given.output.write_text(
        TEXT.format(
            instances=board.n_instances,
            clips=board.n_clips,
            tables="\n".join(table(board, name, title) for name, title in METRICS.items()),
        ),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
