"""docs/metrics.md is current."""

from __future__ import annotations

import metrics_page
from awb.builtins.metrics import METRICS


def test_the_page_is_what_the_metrics_say() -> None:
    written = metrics_page.PAGE.read_text(encoding="utf-8")
    assert written == metrics_page.page(), "run: python tests/metrics_page.py"


def test_every_metric_is_on_the_page_once() -> None:
    page = metrics_page.page()
    for spec in METRICS:
        assert page.count(f"| `{spec.name}` ") == 1
