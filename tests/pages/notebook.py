"""The page of the notebook: its cells and what they gave, as Markdown with pictures beside it."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"
NOTEBOOK = DOCS / "notebook.ipynb"
PICTURES = "assets/notebook"

Keep = Callable[[str, str], str]
"""Keeps a picture, given its kind and base64 text, and returns the path that shows it."""

_INLINE = re.compile(r"data:image/(png|webp);base64,([A-Za-z0-9+/=]+)")
_STYLES = re.compile(r"<style.*?</style>", re.DOTALL)
_INTRODUCTION = (
    "This page is a notebook as it ran: [download it](notebook.ipynb) and change it. What the cells"
    " give is shown below each.\n"
)


def page() -> str:
    """Write the page."""
    return converted()[0]


def converted() -> tuple[str, dict[str, bytes]]:
    """Convert the notebook as it is stored: the page, and its pictures by their paths in docs/."""
    pictures: dict[str, bytes] = {}

    def keep(kind: str, text: str) -> str:
        path = f"{PICTURES}/{len(pictures) + 1}.{kind}"
        pictures[path] = b64decode(text)
        return path

    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    first, *others = (_cell(one, keep) for one in cells)
    return "\n\n".join([first, _INTRODUCTION.strip(), *others]) + "\n", pictures


def _cell(cell: dict[str, Any], keep: Keep) -> str:
    source = "".join(cell["source"]).strip().rstrip(";")  # which hides a value in a notebook
    if cell["cell_type"] == "markdown":
        return source
    shown = [_output(one, cell["metadata"].get("alt", ""), keep) for one in cell["outputs"]]
    return "\n\n".join([f"```python\n{source}\n```", *filter(None, shown)])


def _output(output: dict[str, Any], alt: str, keep: Keep) -> str:
    """Write what a cell gave: a picture, else a table, else text; bars of progress are left out."""
    if output["output_type"] == "stream":
        text = "".join(output["text"]).rstrip()
        return f"```text\n{text}\n```" if output["name"] == "stdout" else ""
    data = {kind: "".join(text) for kind, text in output["data"].items()}
    if "image/png" in data:
        assert alt, 'a cell with a picture has metadata {"alt": "what it shows"}'
        return f"![{alt}]({keep('png', data['image/png'].strip())})"
    if "text/html" in data:
        html = _INLINE.sub(lambda found: keep(found[1], found[2]), data["text/html"])
        kept = [line.strip() for line in _STYLES.sub("", html).splitlines() if line.strip()]
        return '<div class="notebook-output">\n' + "\n".join(kept) + "\n</div>"
    return f"```text\n{data['text/plain']}\n```"
