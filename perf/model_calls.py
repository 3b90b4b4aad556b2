"""Write docs/model-calls.md: quality of explanations against model calls.

    awb run configs/model-calls.toml --dataset folder:SCENES --model yamnet:path=FILE --out REAL
    awb run configs/model-calls.toml --out EMBEDDED
    python perf/model_calls.py REAL EMBEDDED [--docs DIR]

A run takes some hours on two cores, and can be resumed. The page rests on at least one run; it has
a part for each board, in the order given, and explains itself where boards disagree.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import awb
from awb.data.instance_kinds import only_hits
from awb.harness.storage.run_folder import RunFolder
from awb.statistics import holm, mean_intervals

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = "random-forest", 3000
MARGIN = 0.01
COMPARED = 60, 300
BY_DEFAULT = {"run-correlation": 300, "adaptive": 200}  # labels do not repeat a default
HOPELESS = -0.1
DRAWS = 20_000
SCORES = {
    "roc-auc": ("ROC-AUC", 1),
    "deletion-area": ("deletion area", -1),
    "srg": ("symmetric relevance gain", 1),
}
DECIDING = ("roc-auc", "deletion-area")

PAGE = """# How many model calls does a good explanation take?

Every explainer that masks the clip, at {budgets} model calls an instance, on {boards}.
Every number is a mean over instances. An explainer that takes no budget stands at its own number
of calls. A cell is empty where an explainer was not asked.

![Localization and fidelity against model calls](model-calls.svg)

What the two boards have in common:

- Hearing one window at a time (`keep-window`) takes the fewest calls. Windows of 0.6 s every 0.2 s
  were chosen on other clips than these (scenes of another seed, on both models).
- Players are why Shapley values were last: `kernel-shap` on players of 100 ms needs thousands of
  calls to be better than loudness or than dropping one window at a time; on players of a second
  (`window-shap:tree=false`) Shapley values are near their best with 60.
- Windows of a second do not tell which part of a second to drop first. Other windows do not help:
  on 37 instances of YAMNet, in scenes of another seed, with 300 calls, the deletion area is 0.057
  to 0.065 with windows of 0.6 to 1.2 s that are cut in two to six ways. `owen`, a tree of time,
  does tell (0.044 there), but localizes less well the more calls its smallest leaves get.
- So `window-shap` spends half of its calls on such a tree and takes the mean of both answers. This
  was chosen on those 37 instances (deletion area 0.048 and ROC-AUC 0.995; windows alone 0.061 and
  0.989, `owen` 0.044 and 0.971), none of which is among those below.
- Regressions without a penalty are near chance at 100 calls: with as many masks as there are
  segments they fit every mask exactly, noise included. Fewer masks or more are better, and a
  penalty (`ridge`, `lime`, `lasso`) helps.
{parts}
## How it was made

The real scenes are 90 clips of 10 s: one to three events of the target and one or two other sounds,
0 to 20 dB above room tone, a stream or vinyl hiss, all from recordings of 34 of AudioSet's classes.
Only sounds that YAMNet recognizes when they are alone were mixed, so the scenes are kind to it.
Clips in which it does not recognize the target are left out.

```sh
awb run configs/model-calls.toml --out embedded
awb run configs/model-calls.toml --out real \\
    --dataset folder:scenes --model yamnet:path=yamnet.tflite
python perf/model_calls.py real embedded
```

Means, and the numbers of instances that they rest on, are in [model-calls.csv](model-calls.csv).
"""

PART = """
## {title}

{instances} instances of {classes} classes in {clips} clips.

{answer}
{windows}
{tables}
### Not inferior to a forest of 3,000 calls?

Paired differences from `random-forest` at 3,000 calls (above 0: better than the forest), with 95 %
intervals over clips, for explainers at 60 and 300 calls, or with at most 300 of their own. *Not
inferior* means that both scores are at most {margin} worse. The p-value is the larger of those of
two one-sided sign-flip tests over clips, corrected by Holm's method for all {tests} comparisons;
it must be below 5 %. Those that are clearly more than {hopeless} worse in one of the two are not
listed.

{compared}
"""


@dataclass(frozen=True, slots=True)
class Board:
    """Values of one run: rows are (explainer, budget, clip_id, target), columns are metrics."""

    title: str
    values: pd.DataFrame
    calls: pd.Series


def read(path: Path) -> Board:
    """Read a run of one dataset and one model, of hits."""
    if not only_hits(RunFolder.open(path).manifests()):
        raise SystemExit(f"{path} explains errors, and this page is about hits")
    run = awb.load_run(path)
    keys = ["explainer", "budget", "clip_id", "target"]
    scores = split(run.scores().query("metric in @SCORES"))
    values = scores.pivot(index=keys, columns="metric", values="value")
    explained = split(run.explanations().query("status == 'ok'"))
    calls = explained.groupby(["explainer", "budget"])["calls"].mean()
    dataset, model = scores["dataset"].iloc[0], scores["model"].iloc[0]
    return Board(f"{bare(model)} on {bare(dataset)}", values, calls)


def joined(boards: list[Board]) -> list[Board]:
    """Join boards of one model and dataset, which explainers of several runs are on."""
    found: dict[str, Board] = {}
    for one in boards:
        known = found.get(one.title)
        if known is not None:
            values = pd.concat([known.values, one.values])
            kept = ~values.index.duplicated()
            calls = pd.concat([known.calls, one.calls])
            one = Board(one.title, values[kept].sort_index(), calls[~calls.index.duplicated()])
        found[one.title] = one
    return list(found.values())


def split(rows: pd.DataFrame) -> pd.DataFrame:
    """Separate explainers from their budgets; 0 stands for an explainer without one."""
    parts = rows["explainer"].str.extract(r"^(.+?)(?:@(\d+)|:(?:samples|budget)=(\d+))?$")
    said = pd.to_numeric(parts[1].fillna(parts[2]))
    budget = said.fillna(parts[0].map(BY_DEFAULT)).fillna(0).astype(int)
    return rows.assign(explainer=parts[0], budget=budget)


def bare(spec: str) -> str:
    """Name a dataset or a model without its paths."""
    name = spec.partition(":")[0]
    return "real scenes" if name == "folder" else name


def budgets(board: Board) -> list[int]:
    found = board.values.index.get_level_values("budget").unique()
    return sorted(int(budget) for budget in found if budget)


def means(board: Board, metric: str) -> pd.DataFrame:
    """Average over instances: explainers by budgets, the best at its best budget first."""
    table = board.values[metric].groupby(["explainer", "budget"]).mean().unstack("budget")
    sign = SCORES[metric][1]
    order = (table * sign).max(axis=1).sort_values(ascending=False).index
    return table.loc[order]


def curves(board: Board, metric: str) -> str:
    """Make a table of explainers by budgets; fixed costs in a column of their own."""
    table = means(board, metric)
    rows = []
    for name, row in table.iterrows():
        cells = [cell(row.get(budget)) for budget in budgets(board)]
        fixed = ""
        if not np.isnan(row.get(0, np.nan)):
            fixed = f"{row[0]:.3f} ({board.calls[name, 0]:,.0f})"
        rows.append([f"`{name}`", *cells, fixed])
    return markdown(["explainer", *(f"{one:,}" for one in budgets(board)), "own (calls)"], rows)


def cell(value: float | None) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.3f}"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


@dataclass(frozen=True, slots=True)
class Compared:
    """An explainer against the reference: differences, intervals and p-value of inferiority."""

    explainer: str
    budget: int
    calls: float
    gaps: dict[str, tuple[float, float, float]]
    p_value: float


def compare(board: Board) -> list[Compared]:
    """Compare all cheap explainers with the reference, on the instances of both."""
    reference = board.values.loc[REFERENCE]
    found = []
    for (name, budget), calls in board.calls.items():
        rows = board.values.loc[(name, budget)]
        asked = budget in COMPARED or (not budget and 0 < calls <= max(COMPARED) + 2)
        if not asked or rows[list(DECIDING)].isna().all().any():
            continue
        gaps, p_values = {}, []
        for metric in DECIDING:
            gap = SCORES[metric][1] * (rows[metric] - reference[metric]).dropna()
            clips = gap.index.get_level_values("clip_id").to_numpy()
            [interval] = mean_intervals(
                gap.to_numpy()[:, None], clips, lowest=-1, highest=1, rng=np.random.default_rng(0)
            )
            gaps[metric] = (float(gap.mean()), interval.low, interval.high)
            p_values.append(inferior(gap + MARGIN))
        found.append(Compared(name, budget, calls, gaps, max(p_values)))
    adjusted = holm([one.p_value for one in found])
    found = [
        Compared(one.explainer, one.budget, one.calls, one.gaps, float(p_value))
        for one, p_value in zip(found, adjusted, strict=True)
    ]
    return sorted(found, key=lambda one: (one.calls, one.p_value))


def inferior(gaps: pd.Series) -> float:
    """One-sided sign-flip test over clips: is the mean above 0?"""
    sums = gaps.groupby("clip_id").sum().to_numpy()
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(DRAWS, len(sums)))
    return float((1 + (signs @ sums >= sums.sum() - 1e-9).sum()) / (1 + DRAWS))


def comparison_table(found: list[Compared]) -> str:
    rows = []
    for one in found:
        if min(high for _, _, high in one.gaps.values()) < HOPELESS:
            continue
        cells = [f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]" for mean, low, high in one.gaps.values()]
        verdict = "**not inferior**" if one.p_value < 0.05 else ""
        p_value = f"{one.p_value:.3f}"
        rows.append([f"`{one.explainer}`", f"{one.calls:.0f}", *cells, p_value, verdict])
    heads = [SCORES[metric][0] for metric in DECIDING]
    return markdown(["explainer", "calls", *heads, "p (Holm)", ""], rows)


def answer(found: list[Compared]) -> str:
    """Say which explainer is the cheapest that is not inferior."""
    good = [one for one in found if one.p_value < 0.05]
    if not good:
        return "**None of the cheap explainers is shown not to be inferior to the forest.**\n"
    cheapest = good[0]
    names = dict.fromkeys(one.explainer for one in good if one.explainer != cheapest.explainer)
    others = ", ".join(f"`{name}`" for name in names)
    return (
        "**The cheapest explainer that is not inferior to a forest of 3,000 calls, in localization "
        f"and in fidelity, is `{cheapest.explainer}` with {cheapest.calls:.0f} calls.**"
        + (f" Others of at most {max(COMPARED)}: {others}." if others else "")
        + "\n"
    )


def window_values(board: Board, found: list[Compared]) -> str:
    """Say how good Shapley values of windows are, and what they lack."""
    auc = means(board, "roc-auc").loc["window-shap"]
    most = next(
        one for one in found if one.explainer == "window-shap" and one.budget == max(COMPARED)
    )
    gap, low, high = most.gaps["deletion-area"]
    shown = "" if most.p_value < 0.05 else " That it is not inferior there is not shown."
    return (
        f"`window-shap` has a ROC-AUC of {auc[60]:.3f} with 60 calls and {auc[300]:.3f} with 300,"
        " where it differs from the forest of 3,000 calls in deletion area by"
        f" {gap:+.3f} [{low:+.3f}, {high:+.3f}] (above 0: better).{shown}\n"
    )


def part(board: Board) -> str:
    found = compare(board)
    index = board.values.loc[REFERENCE].index
    tables = "\n".join(
        f"\n### {name[0].upper() + name[1:]} {'(less is better)' if sign < 0 else ''}".rstrip()
        + f"\n\n{curves(board, metric)}\n"
        for metric, (name, sign) in SCORES.items()
    )
    return PART.format(
        title=board.title,
        instances=len(index),
        classes=index.get_level_values("target").nunique(),
        clips=index.get_level_values("clip_id").nunique(),
        answer=answer(found),
        windows=window_values(board, found),
        tables=tables,
        compared=comparison_table(found),
        margin=MARGIN,
        tests=len(found),
        hopeless=-HOPELESS,
    )


SHOWN = {
    "window-shap": "#D55E00",
    "owen": "#CC79A7",
    "random-forest": "#0072B2",
    "run-correlation": "#009E73",
    "ridge": "#56B4E9",
    "lime": "#E69F00",
    "kernel-shap": "#000000",
}


def draw(boards: list[Board], output: Path) -> None:
    """Draw a row per board and a panel per score."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4 * len(boards)), layout="constrained")
    grid = figure.subplots(len(boards), len(DECIDING), squeeze=False, sharex=True)
    for board, row in zip(boards, grid, strict=True):
        for metric, axes in zip(DECIDING, row, strict=True):
            table = means(board, metric)
            for name, color in SHOWN.items():
                if name in table.index:
                    points = table.loc[name].drop(0, errors="ignore").dropna()
                    axes.plot(points.index, points, "o-", color=color, label=name, markersize=4)
            if "keep-window" in table.index:
                at = board.calls["keep-window", 0], table.loc["keep-window", 0]
                axes.plot(*at, "*", color="0.35", label="keep-window", markersize=9)
            axes.set_xscale("log")
            ticks = [one for one in budgets(board) if one != BY_DEFAULT["adaptive"]]
            axes.set_xticks(ticks, [f"{one:,}" for one in ticks])
            axes.minorticks_off()
            axes.set_title(f"{board.title}: {SCORES[metric][0]}", fontsize=9)
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel("model calls an instance")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8)
    figure.savefig(output, metadata={"Date": None})


def write(boards: list[Board], docs: Path) -> None:
    """Write the page, its figure and its table."""
    tables = []
    for board in boards:
        grouped = board.values.groupby(["explainer", "budget"])
        table = grouped.mean().round(5).join(grouped.count().add_suffix(" n"))
        tables.append(table.assign(calls=board.calls.round(1), board=board.title).reset_index())
    columns = ["board", "explainer", "budget", "calls", *SCORES, *(f"{one} n" for one in SCORES)]
    pd.concat(tables)[columns].to_csv(docs / "model-calls.csv", index=False)
    draw(boards, docs / "model-calls.svg")
    shared = sorted({one for board in boards for one in budgets(board)})
    page = PAGE.format(
        budgets=", ".join(f"{one:,}" for one in shared[:-1]) + f" and {shared[-1]:,}",
        boards=" and ".join(board.title for board in boards),
        parts="".join(part(board) for board in boards),
    )
    (docs / "model-calls.md").write_text(page, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, help="run folders, one board each")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where to write")
    given = parser.parse_args()
    write(joined([read(path) for path in given.runs]), given.docs)


if __name__ == "__main__":
    main()
