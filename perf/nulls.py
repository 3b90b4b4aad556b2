"""Write docs/how-to-be-fooled.md: what nulls and doctored copies of an explanation score.

    python perf/nulls.py FOLDER [--clips N]

FOLDER is the run folder; the embedded dataset and model are used. It takes a few minutes.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np

import awb
from awb.harness.storage.run_folder import RunFolder
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import boards
from awb.metrics import MetricFacts
from awb.plugins.discovery import load
from awb.specs import ExplainerSpec

ROOT = Path(__file__).resolve().parents[1]
GOOD = "keep-window"
NULLS = ("random", "constant", "energy", "keep-nearly-all")
COPIES = ("sharpened", "smoothed", "one-hot", "sign-flipped")
WIDTH = 5  # segments of the moving average: 0.5 s

TEXT = """# How to be fooled

A number can be high without an explanation being any good. These are the known ways, with what they
do to every metric: {instances} instances of {clips} clips of the embedded dataset and model,
robustness on {robust} instances. The good explanation is `{good}`; its copies are doctored as a
plugin might do it, knowingly or not.

- **Sharpening.** `exp(3 * r)`, with the highest magnitude 1, leaves the order of the segments
  unchanged, and so ROC-AUC, average precision, the pointing game and every curve. It moves metrics
  that read magnitudes: `event-margin` from {margin[0]} to {margin[1]}, `iou-mean` from {iou[0]} to
  {iou[1]}, `mass-accuracy` from {mass[0]} to {mass[1]}, `sparseness` from {gini[0]} to {gini[1]}.
  So these give no places. Their forms that read the order do not move: `event-rank-margin`,
  `iou-area`, `rank-accuracy`, `rank-faithfulness`.
- **Smoothing.** Events are longer than a segment, so any blur raises localization, whatever the
  model hears: a moving average of 0.5 s changes `roc-auc` from {auc[0]} to {auc[1]}. See
  [smoothing and sign](smoothing-and-sign.md).
- **Sign.** Dropping it turns evidence against the target into evidence for it. The sign-flipped
  copy is the same map upside down: `roc-auc` falls from {auc[0]} to {auc[2]}, but the three metrics
  of complexity that read magnitudes alone, and all of robustness and sanity, cannot tell.
- **Keeping nearly everything.** The metrics of masked-in audio do not ask how much of it is kept.
  `keep-nearly-all` drops the quietest segment and nothing else: `ad` {ad} and `fid-in` {fid}, where
  `{good}` has {ad_good} and {fid_good}. `kept-share` tells them apart ({kept} against {kept_good}),
  and `ad-over-random` compares each mask with the same mask at other times of the clip: {over}
  against {over_good}.
- **A single peak.** The one-hot copy, which says where the peak is and nothing else, is nearly the
  best in `mass-accuracy` ({hot[0]}), complexity and sanity (`model-randomization` {hot[1]}: maps
  that are constant but for one segment seldom agree), and above the whole explanation in
  `rank-faithfulness` ({hot[2]} against {hot_good}). Read these beside `roc-auc` ({hot[3]}).
- **Stability.** An explainer that ignores the audio is perfectly stable: `random` has a
  `gain-invariance` of {gain} and a `max-sensitivity` of {sensitivity}. Stable does not mean right.
- **Taking many.** Among as many segments as `event-recall@20` takes, random ones touch most events
  ({recall}), and `monotonicity` counts the steps where nothing happens: `random` {flat[0]},
  `{good}` {flat[1]}.

A board therefore carries four nulls, which never have a place, and gives no places by a metric that
sharpening moves or a null can top (*no* in the second column below). Such a metric stays for
comparison with published tables.

{tables}

Made by `python perf/nulls.py`.
"""


def _built(name: str) -> Any:
    """Build an explainer with its default settings."""
    spec = load().get("explainer", name).spec
    if not isinstance(spec, ExplainerSpec):
        raise TypeError(name)
    return spec.factory(spec.parameters())


def good(perturber: Any, instance: Any, rng: np.random.Generator) -> FloatArray:
    """Explain with the good explainer, scaled to a highest magnitude of 1."""
    found = _built(GOOD)(perturber, instance, rng)
    relevance = np.asarray(getattr(found, "relevance", found), dtype=np.float64)
    return relevance / (np.abs(relevance).max() or 1.0)


def sharpened(perturber: Any, instance: Any, rng: np.random.Generator) -> FloatArray:
    """Sharpen without changing the order."""
    return np.asarray(np.exp(3 * good(perturber, instance, rng)))


def smoothed(perturber: Any, instance: Any, rng: np.random.Generator) -> FloatArray:
    """Average over half a second."""
    padded = np.pad(good(perturber, instance, rng), WIDTH // 2, mode="edge")
    return np.convolve(padded, np.ones(WIDTH) / WIDTH, mode="valid")


def one_hot(perturber: Any, instance: Any, rng: np.random.Generator) -> FloatArray:
    """Keep the peak alone."""
    relevance = good(perturber, instance, rng)
    return (np.arange(relevance.size) == relevance.argmax()).astype(np.float64)


def sign_flipped(perturber: Any, instance: Any, rng: np.random.Generator) -> FloatArray:
    """Turn it upside down."""
    return -good(perturber, instance, rng)


def run(folder: Path, clips: int, robust: int) -> Board:
    """Run the nulls, the good explanation and its copies with every metric, or read that run."""
    if not folder.exists():
        awb.run(
            datasets=f"soundscapes:clips={clips}",
            explainers=[GOOD, sharpened, smoothed, one_hot, sign_flipped],
            metrics="all",
            robustness=robust,
            out=folder,
        )
    [board] = boards(RunFolder.open(folder), load(), columns=["all"])
    return board


def means(board: Board) -> dict[str, dict[str, float]]:
    """List the means by metric and row."""
    names = [facts.name for facts in board.metrics]
    return {
        name: {row.explainer: row.cells[column].mean for row in board.rows}
        for column, name in enumerate(names)
    }


def too_good(board: Board) -> list[str]:
    """List the nulls near the top of a column that ranks.

    Near the top is better than the good explanation, or at most a quarter of the way from it to the
    worst null.
    """
    found = []
    for facts in board.metrics:
        row = means(board)[facts.name]
        sign = 1.0 if facts.higher_is_better else -1.0
        scores = {null: sign * row[null] for null in NULLS if not math.isnan(row[null])}
        best = sign * row[GOOD]
        if not facts.ranks or not scores or math.isnan(best):
            continue
        limit = best + (min(scores.values()) - best) / 4
        found += [
            f"{null}: {facts.name} {row[null]:.3f}, {GOOD} {row[GOOD]:.3f}"
            for null, score in scores.items()
            if score >= limit
        ]
    return found


def _table(title: str, facts: list[MetricFacts], values: dict[str, dict[str, float]]) -> str:
    """Make the table of one family."""
    columns = ("oracle", GOOD, *COPIES, *NULLS)
    head = f"| metric | ranks | {' | '.join(columns)} |"
    lines = [f"## {title.capitalize()}", "", head, "| --- | --- |" + " ---: |" * len(columns)]
    for one in facts:
        cells = [_text(values[one.name].get(name, math.nan)) for name in columns]
        ranks = "yes" if one.ranks else "no"
        lines.append(f"| `{one.name}` {one.arrow} | {ranks} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _text(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:z.3f}".replace("-", "−")


def page(board: Board, robust: int) -> str:
    """Write the page."""
    values = means(board)

    def read(metric: str, *rows: str) -> list[str]:
        return [_text(values[metric][row]) for row in rows]

    families = dict.fromkeys(facts.family for facts in board.metrics)
    tables = [
        _table(family, [one for one in board.metrics if one.family == family], values)
        for family in ("localization", "fidelity", "complexity", "robustness", "sanity")
        if family in families
    ]
    nearly, pair = ("keep-nearly-all", GOOD), (GOOD, "sharpened")
    one = {
        key: read(metric, *nearly)
        for key, metric in (
            ("ad", "ad"), ("fid", "fid-in"), ("kept", "kept-share"), ("over", "ad-over-random"),
        )
    }  # fmt: skip
    return TEXT.format(
        instances=board.n_instances,
        clips=board.n_clips,
        robust=robust,
        good=GOOD,
        margin=read("event-margin", *pair),
        iou=read("iou-mean", *pair),
        mass=read("mass-accuracy", *pair),
        gini=read("sparseness", *pair),
        auc=read("roc-auc", GOOD, "smoothed", "sign-flipped"),
        hot=[
            read(name, "one-hot")[0]
            for name in ("mass-accuracy", "model-randomization", "rank-faithfulness", "roc-auc")
        ],
        hot_good=read("rank-faithfulness", GOOD)[0],
        gain=read("gain-invariance", "random")[0],
        sensitivity=read("max-sensitivity", "random")[0],
        recall=read("event-recall@20", "random")[0],
        flat=read("monotonicity", "random", GOOD),
        tables="\n\n".join(tables),
        **{key: cells[0] for key, cells in one.items()},
        **{f"{key}_good": cells[1] for key, cells in one.items()},
    )


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=30)
    parser.add_argument("--robustness", type=int, default=6)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "how-to-be-fooled.md")
    given = parser.parse_args()
    board = run(given.folder, given.clips, given.robustness)
    given.output.write_text(page(board, given.robustness), encoding="utf-8")
    if found := too_good(board):
        raise SystemExit("nulls near the top of a column that ranks: " + "; ".join(found))


if __name__ == "__main__":
    main()
