"""Run docs/notebook.ipynb, keep what it gives, and write its page and pictures.

python tests/make_notebook.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from pages.notebook import DOCS, NOTEBOOK, PICTURES, converted


def executed(folder: Path) -> Any:
    """Run the notebook in a folder, and return it with what it gives."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    here = Path(__file__).resolve().parents[1]
    sources = [str(here / name) for name in ("benchmark", "plugins", "datasets")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*sources, os.environ.get("PYTHONPATH", "")]),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    environment.pop("MPLBACKEND", None)  # figures are to be shown
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment)
    return notebook


def write_page() -> None:
    """Write the page and the pictures of the notebook as it is stored."""
    text, pictures = converted()
    (DOCS / "notebook.md").write_text(text, encoding="utf-8")
    for old in (DOCS / PICTURES).glob("*.*"):
        old.unlink()
    (DOCS / PICTURES).mkdir(parents=True, exist_ok=True)
    for path, content in pictures.items():
        (DOCS / path).write_bytes(content)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(executed(Path(folder)), NOTEBOOK)
    write_page()
