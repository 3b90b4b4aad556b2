"""docs/explainers.md is current."""

from __future__ import annotations

import explainers_page
from awb_plugins.explainers import awb_explainers


def test_the_page_is_what_the_explainers_say() -> None:
    written = explainers_page.PAGE.read_text(encoding="utf-8")
    assert written == explainers_page.page(), "run: python tests/explainers_page.py"


def test_every_explainer_is_on_the_page() -> None:
    for spec in awb_explainers():
        assert f"| `{spec.name}` |" in explainers_page.page()
