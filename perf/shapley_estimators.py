"""Write docs/shapley-estimators.md: error of Shapley estimators against calls, on exact games.

    python perf/shapley_estimators.py [--seeds N] [--output FILE]

The games have few enough players that all coalitions can be listed. It takes some minutes.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

N = 12
CALLS = (16, 32, 64, 128, 256, 512)
COLUMNS = ("game", "estimator", "calls", "error")

TEXT = """# Which estimator of Shapley values, for how many calls?

Two games of {n} players, of which every coalition can be listed, so that the Shapley values are
known exactly. In *saturation*, four players are worth less the more of them there are, and two
pairs work with or against each other; in *two events*, only the better of two groups of three
players counts, as for a network that takes the maximum over time. The error is the root mean
square over players and {seeds} seeds, over that of the values themselves. Banzhaf values are
another question, and not here.

![Error against calls](shapley-estimators.svg)

{table}

- Drawing sizes alike and without replacement (`sizes=leverage`) has less error than Shapley's
  kernel where calls are many, and none once all coalitions are asked.
- Hearing each player alone and left out alone first (`sizes=ends`) helps where calls are few; it
  takes two calls a player, {two} here. `window-shap` does that.
- Boosted trees (`tree-proxy-shap`) help where players interact and calls are many; where they
  forecast nothing, they are left out.
- `owen` answers another question where windows of the tree matter: its error does not go to zero.
- `shapley-sampling` asks for whole orders, at least one and its reverse: 26 calls, in the columns
  of 16 and 32 too.

Made by `python perf/shapley_estimators.py --seeds {seeds}`; the values are in
[shapley-estimators.csv](shapley-estimators.csv).
"""


def saturation(audible: Any) -> float:
    """Four players of which each adds less, and pairs."""
    pairs = 1.5 * float(audible[3] and audible[9]) - 2.0 * float(audible[7] and audible[2])
    return float(3.0 * np.tanh(audible[:4].sum() / 2.0)) + float(audible[5]) + pairs


def two_events(audible: Any) -> float:
    """The better of two events."""
    one, other = audible[2:5] @ [5.0, 6.0, 4.0], audible[8:11] @ [5.0, 5.0, 1.0]
    return float(max(one, other)) + 0.5 * float(audible[6])


GAMES = {"saturation": saturation, "two events": two_events}


def estimators(calls: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name explainers and settings for a number of calls."""
    return {
        "kernel-shap": ("kernel-shap", {}),
        "kernel-shap:sizes=leverage": ("kernel-shap", {"sizes": "leverage"}),
        "kernel-shap:sizes=ends": ("kernel-shap", {"sizes": "ends"}),
        "tree-proxy-shap": ("tree-proxy-shap", {"samples": calls}),
        "shapley-sampling": (
            "shapley-sampling",
            {"permutations": max(1, calls // (N + 1))},
        ),
        "shapiq:SVARM": ("shapiq", {"method": f"SVARM:window_s=0,samples={calls}"}),
        "owen": ("owen", {"samples": calls}),
    }


def rows(seeds: int) -> list[tuple[str, str, int, float]]:
    """Measure every estimator with every number of calls."""
    from awb_plugins.explainers import awb_explainers
    from games import exact_shapley, game_perturber, relevance

    specs = {spec.name: spec for spec in awb_explainers()}
    found = []
    game: Callable[[Any], float]
    for name, game in GAMES.items():
        exact = exact_shapley(game, N)
        size = np.sqrt(np.mean(exact**2))
        for calls in CALLS:
            for label, (explainer, settings) in estimators(calls).items():
                errors = [
                    relevance(
                        specs[explainer],
                        game_perturber(game, N, samples=calls),
                        seed=seed,
                        **settings,
                    )
                    - exact
                    for seed in range(seeds)
                ]
                found.append(
                    (name, label, calls, float(np.sqrt(np.mean(np.square(errors))) / size))
                )
    return found


def table(found: list[tuple[str, str, int, float]]) -> str:
    """Make a Markdown table of errors."""
    cells = {row[:3]: row[3] for row in found}
    head = "".join(f" {calls} calls |" for calls in CALLS)
    lines = []
    for game in GAMES:
        lines += [f"| {game} |{head}", "| --- |" + " ---: |" * len(CALLS)]
        for label in estimators(0):
            values = "".join(f" {cells[game, label, calls]:.3f} |" for calls in CALLS)
            lines.append(f"| `{label}` |{values}")
        lines.append("")
    return "\n".join(lines).rstrip()


def draw(found: list[tuple[str, str, int, float]], output: Path) -> None:
    """Draw a panel a game."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, game in zip(figure.subplots(1, 2, sharey=True), GAMES, strict=True):
        for label in estimators(0):
            points = [(row[2], max(row[3], 1e-3)) for row in found if row[:2] == (game, label)]
            axes.plot(*zip(*points, strict=True), "o-", label=label, markersize=4)
        axes.set(xscale="log", yscale="log", title=game, xlabel="model calls")
        axes.set_xticks(CALLS, [str(calls) for calls in CALLS])
        axes.minorticks_off()
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("relative error")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8)
    figure.savefig(output, metadata={"Date": None})


def main() -> None:
    """Measure, and write the page, its values and its figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "shapley-estimators.md")
    given = parser.parse_args()
    found = rows(given.seeds)
    with given.output.with_suffix(".csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *((*row[:3], f"{row[3]:.4f}") for row in found)])
    text = TEXT.format(n=N, seeds=given.seeds, table=table(found), two=2 * N)
    given.output.write_text(text, encoding="utf-8")
    draw(found, given.output.with_suffix(".svg"))


if __name__ == "__main__":
    main()
