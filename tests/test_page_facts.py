"""What pages say about the project itself is so: counts of plugins, extras, pages, pictures."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import awb
from awb.plugins.discovery import load

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAV = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]
INSIDE = {"test", "dev", "docs", "perf", "compare", "browser"}
"""Extras for work on awb itself, in one row of the table."""
COUNTED = re.compile(r"\b(\d+) built-in (explainers|metrics|models|datasets|maskers)\b")
"""What a board or a simulation had is counted without this word."""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _files(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict | list):
        for one in nav.values() if isinstance(nav, dict) else nav:
            yield from _files(one)


def test_install_has_every_extra() -> None:
    rows = re.findall(r"^\| (`.*?) \|", read("docs/install.md"), flags=re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([a-z0-9]+)`", row)}
    assert named == set(PROJECT["project"]["optional-dependencies"])
    assert named >= INSIDE


def test_every_page_is_in_the_navigation() -> None:
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert pages == set(_files(NAV))


def test_counts_of_built_ins() -> None:
    built_in = [e for e in load() if e.origin.distribution == "audio-where-benchmark"]
    kinds = [entry.kind for entry in built_in]
    for path in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for number, kind in COUNTED.findall(path.read_text(encoding="utf-8")):
            assert int(number) == kinds.count(kind.removesuffix("s")), f"{path}: {number} {kind}"


@pytest.mark.parametrize("picture", sorted((DOCS / "gallery").glob("*")), ids=lambda p: p.name)
def test_a_picture_is_small_and_has_an_alternative_text(picture: Path) -> None:
    assert picture.stat().st_size < 150_000
    found = re.search(rf"!\[([^\]]+)\]\(gallery/{picture.name}\)", read("docs/gallery.md"))
    assert found is not None
    assert len(found[1]) > 30


def test_the_readme_links_to_pages_that_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", read("README.md")):
        assert (ROOT / target).exists(), target


def test_the_python_reference_has_every_public_name() -> None:
    text = read("docs/reference/python.md")
    assert [name for name in awb.__all__ if not re.search(rf"[.`]{name}\b", text)] == []


def test_claims_that_new_clips_do_not_show_are_counted() -> None:
    row = re.compile(r"^\| [^|]+ \| roc-auc ↑ \| [^|]+ \| [^|]+ \| ([^|]+?) +\|", re.MULTILINE)
    pages = (path.read_text(encoding="utf-8") for path in (ROOT / "leaderboards").glob("*--*.md"))
    outcomes = [outcome for page in pages for outcome in row.findall(page)]
    up_to_twelve = "no one two three four five six seven eight nine ten eleven twelve"
    words = up_to_twelve.split()
    better = sum(outcome.startswith("the claim is better") for outcome in outcomes)
    text = " ".join(read("leaderboards/README.md").split())
    assert f"Of {len(outcomes)} claims of ROC-AUC on boards of hits, {words[better]} are" in text
    assert f"chance alone gives {words[len(outcomes) // 40]}." in text
