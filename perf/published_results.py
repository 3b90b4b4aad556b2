"""Write docs/published-results.md: the boards beside numbers that others published.

    python perf/published_results.py [--submissions leaderboards/submissions] [--docs docs]

Numbers of others are quoted with their source; ours are computed from the submissions.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from published_values import Board, facts_of, read_boards

from awb.plugins.discovery import Registry, load
from awb.statistics import mean_interval

ROOT = Path(__file__).resolve().parents[1]
STUDY = {  # Bolaños et al. 2025, drums, pooled designs: ROC-AUC with noise and with zeros
    "random forest": ("random-forest", "random-forest-paper", 0.89, 0.78),
    "linear regression": ("linear-regression", "linear-regression-paper", 0.82, 0.79),
    "SHAP": ("kernel-shap", "kernel-shap-paper", 0.78, 0.73),
}
IG = "integrated-gradients"
DETECTED = ("iou-mean", "iou-otsu", "f1-mean", "f1-otsu", "pointing-game")
MASKED = ("ai", "ad", "ag", "ff-out", "fid-in")
MAPS = (
    "saliency", "smoothgrad", IG, "grad-cam", "guided-backprop", "kernel-shap", "listen", "l-mac",
)  # fmt: skip

PAGE = """# Against what was published

Three studies have numbers of the kind that the boards have. Here they stand side by side where the
definitions allow it; where they do not, this says why. Ours are means with 95 % intervals over
clips, from the published submissions.

## Bolaños et al. 2025: forest, regression and SHAP on drums

[arXiv:2506.04391](https://arxiv.org/abs/2506.04391), ROC-AUC of segments of 100 ms, its 3,000 masks
of the pooled designs. The definitions are the same; the hits, the model and the clips are not (see
[Reproducing the paper](paper.md#what-differs)). So the order of the rows and the gap between noise
and zeros compare, and single numbers do not.

{study}

## Dumpis & Virtanen 2026: integrated gradients as a detector

[arXiv:2605.23293](https://arxiv.org/abs/2605.23293) asks integrated gradients for the times of ten
domestic sounds in synthetic mixtures, and reports a mean IoU of .39, a frame-level F1 of .52 and a
pointing game of 82.6 %. Frame scores of a detector trained with labels of clips reach .42, .55 and
97.3 %, and of one trained with labels of frames .45, .58 and 97.9 %.

{detected}

The study's numbers are those of its abstract, which names the metrics and does not define them, so
the columns compare in kind only. The pointing game asks whether the highest frame is inside an
event; how often that happens by chance depends on how much of a clip the events fill, at most a
fifth here. IoU and F1 depend on the threshold that turns relevance into intervals: ours are the
mean of the relevance and Otsu's, neither of which looks at the labels. Models, sounds and what the
gradients are integrated from ([explainers.md](explainers.md)) differ as well.

## Paissan et al. 2024: L-MAC on ESC-50

[arXiv:2403.13086](https://arxiv.org/abs/2403.13086) scores maps of a classifier of ESC-50 by AI,
AD, AG, FF, Fid-In, SPS and COMP. Its table is not repeated, because none of its numbers compares:

- **What is masked.** There, cells of the spectrogram; here, segments of time with all of their
  spectrum. A mask over frequency can keep a target and drop what sounds with it, and one over time
  cannot.
- **Which class.** There, the class that the classifier predicts for a clip whose label has no
  times; here, the class of an event that is labelled in time.
- **What a mask keeps.** AI, AD, AG and Fid-In reward keeping nearly everything
  ([how to be fooled](how-to-be-fooled.md)); a decoder trained with a penalty on its area and
  a threshold on relevance keep different shares.
- **SPS and COMP** read the magnitudes of cells, of which there are thousands there and about a
  hundred here.

Their metrics for the explainers that both have, on our boards:

{masked}

## How it was made

```sh
python perf/published_results.py
```
"""


def cell(board: Board, metric: str, name: str, registry: Registry) -> str:
    """Write a mean with its interval, empty if the board has no such row."""
    if metric not in board.values or name not in board.rows:
        return ""
    column = board.values[metric][name].dropna()
    if column.empty:
        return ""
    facts = facts_of(metric, registry)
    found = mean_interval(
        column.to_numpy(), column.index.get_level_values("clip_id"), lowest=facts.lowest,
        highest=facts.highest, resamples=2000, rng=np.random.default_rng(0),
    )  # fmt: skip
    return f"{found.mean:z.2f} [{found.low:z.2f}, {found.high:z.2f}]".replace("-", "−")


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def study(boards: Sequence[Board], registry: Registry) -> str:
    """Drums with noise and with zeros, beside the published figures."""
    drums = {
        one.settings["masker"]: one
        for one in boards
        if one.pair[0].partition(":")[0] == "drums" and one.settings["design"] == "pooled"
    }
    rows = []
    for title, (ours, paper, noise, zeros) in STUDY.items():
        for name in (ours, paper):
            cells = [
                cell(drums[masker], "roc-auc", name, registry) if masker in drums else ""
                for masker in ("noise", "zeros")
            ]
            if any(cells):
                rows.append(
                    [title, f"`{name}`", f"{noise:.2f}", cells[0], f"{zeros:.2f}", cells[1]]
                )
    if not rows:
        return "No board of drums is published."
    sizes = ", ".join(
        f"{one.n_instances} instances of {one.n_clips} clips with {masker} and"
        f" {one.settings['samples']:,} masks"
        for masker, one in sorted(drums.items())
    )
    head = ["method", "explainer", "study, noise", "awb, noise", "study, zeros", "awb, zeros"]
    lacking = [masker for masker in ("noise", "zeros") if masker not in drums]
    note = f" No board of drums with {' or '.join(lacking)} is published." if lacking else ""
    return f"{markdown(head, rows)}\n\nOurs: {sizes}.{note}"


def detected(boards: Sequence[Board], registry: Registry) -> str:
    """Integrated gradients as a detector on every board that has them."""
    rows = [
        ["*the study, threshold unknown*", "*.39*", "", "*.52*", "", "*.826*"],
        *(
            [one.title, *(cell(one, metric, IG, registry) for metric in DETECTED)]
            for one in boards
            if IG in one.rows and not one.control and one.has("pointing-game")
        ),
    ]
    head = [f"`{IG}`", *(f"`{one}`" for one in DETECTED)]
    return markdown(head, rows)


def masked(boards: Sequence[Board], registry: Registry) -> str:
    """Metrics of masked-in and masked-out audio, on the boards with most of these explainers."""
    able = [one for one in boards if not one.control and all(one.has(metric) for metric in MASKED)]
    able.sort(key=lambda one: (-len(set(MAPS) & set(one.rows)), -one.n_instances, one.title))
    rows = [
        [one.title, f"`{name}`", *(cell(one, metric, name, registry) for metric in MASKED)]
        for one in able[:2]
        for name in MAPS
        if name in one.rows
    ]
    return markdown(["board", "explainer", *(f"`{one}`" for one in MASKED)], rows)


def page(boards: Sequence[Board], registry: Registry) -> str:
    """Write the page."""
    return PAGE.format(
        study=study(boards, registry),
        detected=detected(boards, registry),
        masked=masked(boards, registry),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--submissions", type=Path, default=ROOT / "leaderboards" / "submissions")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where to write")
    given = parser.parse_args()
    registry = load()
    text = page(read_boards(given.submissions, registry), registry)
    (given.docs / "published-results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
