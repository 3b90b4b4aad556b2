"""CITATION.cff is what tools for citations read, and says the version that is installed."""

from __future__ import annotations

from importlib.metadata import metadata
from pathlib import Path

import yaml

CITATION = Path(__file__).resolve().parents[1] / "CITATION.cff"


def test_it_has_what_the_format_asks_for() -> None:
    cited = yaml.safe_load(CITATION.read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "software"
    assert all(cited[key] for key in ("message", "title", "abstract"))
    for work in (cited, *cited["references"]):
        assert work["authors"]
        for author in work["authors"]:
            assert author.get("name") or author.get("family-names")


def test_it_agrees_with_the_package() -> None:
    cited, package = yaml.safe_load(CITATION.read_text(encoding="utf-8")), metadata
    installed = package("audio-where-benchmark")
    assert cited["version"] == installed["Version"]
    assert cited["license"] == installed["License-Expression"]
    assert [one["name"] for one in cited["authors"]] == [installed["Author"]]
