"""CITATION.cff is what tools for citations read, and says the version that is released next."""

from __future__ import annotations

import tomllib
from importlib.metadata import metadata
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CITATION = ROOT / "CITATION.cff"


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
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert cited["version"] == project["tool"]["hatch"]["version"]["fallback-version"]
    assert cited["license"] == installed["License-Expression"]
    assert [one["name"] for one in cited["authors"]] == [installed["Author"]]
