"""Write the pages of docs/ that are made from the code: python tests/make_pages.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pages import (
    captum,
    commands,
    configuration,
    explainers,
    house,
    metrics,
    notebook,
    plugins,
    python_functions,
)

DOCS = Path(__file__).resolve().parents[1] / "docs"
MADE: dict[str, Callable[[], str]] = {
    "architecture.md": house.page,
    "captum.md": captum.page,
    "configuration.md": configuration.page,
    "explainers.md": explainers.page,
    "metrics.md": metrics.page,
    "notebook.md": notebook.page,
    "reference/commands.md": commands.page,
    "reference/plugins.md": plugins.page,
    "../benchmark/awb/api/running.py": python_functions.page,
}

if __name__ == "__main__":
    for name, page in MADE.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
