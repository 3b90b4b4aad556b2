"""Make the pictures of docs/gallery.md: python perf/gallery.py (two minutes, and Chromium).

A small run of the embedded default, its figures as `awb plot` draws them, and its report in
Chromium.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "gallery"
RUN = (
    "--explainers", "run-correlation,random-forest,keep-window,naive,saliency,kernel-shap",
    "--metrics", "roc-auc,deletion-area,insertion-area,ff@10,sparseness",
    "--clips", "6", "--samples", "300", "--jobs", "1",
)  # fmt: skip
FIGURES: dict[str, Sequence[str]] = {
    "board": ("--metrics", "roc-auc,deletion-area"),
    "curves": (),
    "agreement": (),
    "cd": (),
    "heatmap": (),
    "instance": (),
}
WIDTH = 1200


def awb(*arguments: str | Path) -> None:
    """Run a command, and show what it says only if it fails."""
    command = [sys.executable, "-m", "awb", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def store(picture: Path, name: str) -> None:
    """Store a picture as WebP, at most `WIDTH` pixels wide."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    if image.width > WIDTH:
        image = image.resize((WIDTH, round(image.height * WIDTH / image.width)))
    image.save(PICTURES / f"{name}.webp", quality=82, method=6)


def screenshot(page: Path, name: str, width: int, height: int) -> None:
    """Store what Chromium shows of a page."""
    chromium = os.environ.get("AWB_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SystemExit("needs chromium (apt-get install chromium, or set AWB_CHROMIUM)")
    shot = page.with_suffix(f".{name}.png")
    command = [
        chromium, "--headless", "--no-sandbox", "--hide-scrollbars", f"--screenshot={shot}",
        f"--window-size={width},{height}", "--virtual-time-budget=8000", page.resolve().as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    store(shot, name)


def make(work: Path) -> None:
    """Make all pictures, in a folder for what is thrown away."""
    PICTURES.mkdir(exist_ok=True)
    run = work / "run"
    if not run.exists():
        awb("run", *RUN, "--out", run)
    for kind, options in FIGURES.items():
        awb("plot", run, "--kind", kind, "--format", "png", "--out", work / f"{kind}.png", *options)
        store(work / f"{kind}.png", kind)
    awb("report", run, "--instances", "2")
    screenshot(run / "report.html", "report", 1200, 1000)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        make(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder))
