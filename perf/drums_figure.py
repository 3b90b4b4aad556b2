"""Draw docs/drums-reference.svg from the table of docs/drums-reference.md.

The paper's figure for drums, with awb's values: ROC-AUC per design, one panel per explainer:

    python perf/drums_figure.py
"""

from __future__ import annotations

from pathlib import Path

from drums_reference import EXPLAINERS, MASKERS, REFERENCE, ROOT
from matplotlib import rc_context
from matplotlib.figure import Figure

PAGE, FIGURE = ROOT / "docs" / "drums-reference.md", ROOT / "docs" / "drums-reference.svg"
COLORS = {"noise": "#0072B2", "zeros": "#D55E00"}
MARKERS = {"noise": "o", "zeros": "s"}


def table(text: str) -> dict[str, list[float]]:
    """Read the rows of the page's table: design, and a value per explainer and masker."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {name: [float(value) for value in values] for name, *values in rows if name[0] in "0p"}


def draw(rows: dict[str, list[float]], output: Path) -> None:
    """Draw one panel per explainer, and the study's pooled values as dashed lines."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    panels = figure.subplots(1, len(EXPLAINERS), sharey=True)
    for number, (axes, name) in enumerate(zip(panels, EXPLAINERS, strict=True)):
        for offset, masker in enumerate(MASKERS):
            values = [row[len(MASKERS) * number + offset] for row in rows.values()]
            places = [place + 0.24 * offset - 0.12 for place in range(len(rows))]
            axes.plot(places, values, MARKERS[masker], color=COLORS[masker], label=f"{masker}, awb")
            axes.axhline(
                REFERENCE[name, masker],
                color=COLORS[masker],
                linestyle="--",
                label=f"{masker}, study (pooled)",
            )
        axes.set_title(name)
        axes.set_xticks(range(len(rows)), rows, rotation=60, ha="right")
        axes.grid(axis="y", alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("ROC-AUC")
    panels[1].set_xlabel("fraction dropped, run length")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
    with rc_context({"svg.hashsalt": "awb"}):
        figure.savefig(output, metadata={"Date": None})


if __name__ == "__main__":
    draw(table(PAGE.read_text(encoding="utf-8")), FIGURE)
