"""The notebook that opens the docs: it runs, and its page shows what it gave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pages.notebook import DOCS, NOTEBOOK, PICTURES, converted, page

LARGEST_BYTES = 500_000


def test_pictures_are_those_of_the_notebook() -> None:
    _, pictures = converted()
    kept = {path.relative_to(DOCS).as_posix(): path for path in (DOCS / PICTURES).iterdir()}
    assert set(kept) == set(pictures), "run: python tests/make_notebook.py"
    for path, content in pictures.items():
        assert kept[path].read_bytes() == content, path


def test_the_notebook_is_small_and_ran_without_errors() -> None:
    assert NOTEBOOK.stat().st_size < LARGEST_BYTES
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert not [one for cell in code for one in cell["outputs"] if one["output_type"] == "error"]


def test_the_page_shows_tables_and_pictures_but_no_progress() -> None:
    text = page()
    assert text.count("assets/notebook/") == len(converted()[1]) >= 3
    assert "<style" not in text
    assert "base64" not in text
    assert "%|" not in text


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path) -> None:
    from make_notebook import executed

    stored = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    for before, cell in zip(stored, executed(tmp_path).cells, strict=True):
        kinds = [_kind(one) for one in before.get("outputs", [])]
        assert [_kind(one) for one in cell.get("outputs", [])] == kinds, "".join(before["source"])


def _kind(output: dict[str, object]) -> tuple[object, ...]:
    """What a cell gives, apart from its values, which differ from machine to machine."""
    data = output.get("data", {})
    return (
        output["output_type"],
        output.get("name"),
        *sorted(data if isinstance(data, dict) else ()),
    )
