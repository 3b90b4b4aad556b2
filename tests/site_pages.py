"""Read the pages of a built site as a strict browser would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class Page:
    """What a page refers to.

    Attributes
    ----------
    links, sources : list of str
        Values of ``href``, and of ``src``.
    ids : list of str
        Anchors.
    scripts : list of str
        Content of scripts that a browser would run.
    handlers : list of str
        Attributes that would run something.
    """

    links: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._runs = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "href" in found:
            self.page.links.append(found["href"])
        if "src" in found:
            self.page.sources.append(found["src"])
        if "id" in found:
            self.page.ids.append(found["id"])
        self.page.handlers += [name for name in found if name.startswith("on")]
        self._runs = tag == "script" and found.get("type", "text/javascript") == "text/javascript"

    def handle_data(self, data: str) -> None:
        if self._runs and data.strip():
            self.page.scripts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._runs = False


def read_page(path: Path) -> Page:
    """Parse a page."""
    parser = _Parser()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.page


def tree(folder: Path) -> dict[str, bytes]:
    """Read every file of a folder."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def broken_links(site: Path) -> list[str]:
    """Follow every address of every page; return those that lead nowhere or out of the site."""
    pages = {path.resolve(): read_page(path) for path in site.rglob("*.html")}
    found = []
    for path, page in pages.items():
        for address in [*page.links, *page.sources]:
            parts = urlsplit(address)
            if parts.scheme in {"http", "https"} and address in page.links:
                continue
            if address == "data:,":  # no icon
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[target].ids if target in pages else []
            inside = target.is_relative_to(site.resolve()) and target.is_file()
            # what stands after # may be a state that scripts read
            state = "=" in parts.fragment
            if parts.scheme or parts.netloc or not inside:
                found.append(f"{path.name}: {address}")
            elif parts.fragment and not state and unquote(parts.fragment) not in anchors:
                found.append(f"{path.name}: no anchor {address}")
    return found
