"""Write the table of README.md from a published board, and the sentence below it.

    python perf/readme_table.py [--page leaderboards/soundscapes--soundscape-cnn.md]

Which rows are shown is chosen here; their order and their numbers are those of the page.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from statistics import fmean

from awb.data.instance_kinds import only_hits
from awb.harness.selection.manifest import Manifest
from awb.leaderboard.submissions.files import MANIFEST_NAME

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "leaderboards" / "soundscapes--soundscape-cnn.md"
SHOWN = (
    "oracle", "run-correlation", "window-shap", "keep-window", "saliency", "random-forest",
    "lrp-flat", "owen", "naive", "grad-cam", "kernel-shap", "linear-regression",
    "integrated-gradients", "constant", "random", "energy",
)  # fmt: skip
BASELINES = {"oracle", "constant", "random", "energy"}
HEAD = (
    "| explainer | ROC-AUC: does it point at the sound? ↑ | deletion area: does the model agree? ↓"
    " | model calls |\n| --- | ---: | ---: | ---: |"
)
METRICS = ("roc-auc", "deletion-area")
_TABLE = re.compile(r"\| explainer \| ROC-AUC.*?\n\n", re.DOTALL)
_SIZE = re.compile(r"\(\d+ instances, [\d,]+ masks, 95 %")
_EXTENT = re.compile(r"^## (\d+) instances? from (\d+) clips?", re.MULTILINE)
_FOLDER = re.compile(r"`awb verify \S*?submissions/([^`/]+)`")
_MASKS = re.compile(r"([\d,]+) drop masks")


def rows_of(page: str) -> dict[str, dict[str, str]]:
    """Read the rows of the first board of a page, by explainer, in order."""
    lines = [line for line in page.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    head = cells[0]
    found: dict[str, dict[str, str]] = {}
    for row in cells[2:]:
        if row == head or len(row) != len(head):
            break
        found[row[head.index("explainer")]] = dict(zip(head, row, strict=True))
    return found


def table(page: str, submissions: Path) -> str:
    """Write the table of the shown explainers that the board has; means from the submissions."""
    folder = submissions / _FOLDER.findall(page)[0]
    manifest = Manifest.from_json(json.loads((folder / MANIFEST_NAME).read_text("utf-8")))
    if not only_hits([manifest]):
        raise SystemExit("this is a page of errors, and the table of README is of hits")
    submitted = (json.loads(path.read_text("utf-8")) for path in folder.glob("[!_]*.json"))
    scores = {one["name"]: one["scores"] for one in submitted}
    lines = []
    for name, row in rows_of(page).items():
        if name in SHOWN:
            cells = [f"*{name}*" if name in BASELINES else name]
            for metric in METRICS:
                values = [one for one in scores[name][metric] if one is not None]
                shown = next(cell for column, cell in row.items() if column.startswith(metric))
                cells.append(f"{fmean(values):.2f} [{shown.partition('[')[2]}")
            lines.append(f"| {' | '.join([*cells, row['calls']])} |")
    return "\n".join([HEAD, *lines])


def written(readme: str, page: str, submissions: Path) -> str:
    """Put the table, and the size of the board, into README."""
    extent, masks = _EXTENT.search(page), _MASKS.search(page)
    if extent is None or masks is None:
        raise SystemExit("the page does not say how large the board is")
    size = f"({extent[1]} instances, {masks[1]} masks, 95 %"
    with_table, n_tables = _TABLE.subn(lambda _: f"{table(page, submissions)}\n\n", readme, count=1)
    found, n_sizes = _SIZE.subn(size, with_table, count=1)
    if not (n_tables and n_sizes):
        raise SystemExit("README.md has no such table, or no sentence with its size")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    given = parser.parse_args()
    submissions = given.page.parent / "submissions"
    text = written(given.readme.read_text("utf-8"), given.page.read_text("utf-8"), submissions)
    given.readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
