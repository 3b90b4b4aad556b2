"""The site of the documentation builds without a warning, is whole, and loads nothing from afar."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}


class Loaded(HTMLParser):
    """Addresses that a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in LOADED and given.get("rel") not in {"canonical", "alternate"}:
            self.addresses.append(given.get(LOADED[tag]) or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does."""
    work = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "zensical.toml", work)
    shutil.copytree(ROOT / "docs", work / "docs")
    for name in ("benchmark", "plugins", "datasets"):
        (work / name).symlink_to(ROOT / name)
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r}); from zensical.main import cli"
    )
    command = [sys.executable, "-c", f"{script}; cli()", "build", "--strict"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout + done.stderr
    return work / "site"


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.addresses
        foreign = [one for one in loaded.addresses if re.match(r"(https?:)?//", one)]
        assert not foreign, f"{page.name} loads {foreign}"
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(https?:)?//", sheet.read_text(encoding="utf-8")), (
            sheet
        )


def test_formulas_are_drawn(site: Path) -> None:
    text = (site / "metrics.html").read_text(encoding="utf-8")
    assert text.count("<math ") == 70
    assert "language-math" not in text


def test_signatures_are_there(site: Path) -> None:
    text = (site / "reference" / "python.html").read_text(encoding="utf-8")
    for name in ("run", "resume", "explain", "load_run", "explainer", "Perturber", "roc_auc"):
        assert re.search(rf'id="awb\.[\w.]*\b{name}"', text), name


def _named(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, dict):
        for value in nav.values():
            yield from _named(value)
    elif isinstance(nav, list):
        for value in nav:
            yield from _named(value)


def test_every_page_is_in_the_navigation() -> None:
    project = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    docs = ROOT / "docs"
    pages = sorted(path.relative_to(docs).as_posix() for path in docs.rglob("*.md"))
    assert sorted(_named(project["nav"])) == pages
