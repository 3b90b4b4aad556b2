"""A reproducible Atom feed of new entries (RFC 4287)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from xml.etree import ElementTree

from awb.leaderboard.formats.text import number_text
from awb.site.catalog import Catalog, Entry

ATOM = "http://www.w3.org/2005/Atom"
MOST = 200
"""Maximum number of entries in the feed."""

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "awb:leaderboards")


def feed(catalog: Catalog, addresses: Mapping[str, str], address: str = "") -> str:
    """Write the feed: one entry per submission, with the date of its results."""
    newest = catalog.newest[:MOST]
    root = ElementTree.Element("feed", xmlns=ATOM)
    _add(root, "title", "awb leaderboards: new entries")
    _add(root, "subtitle", "Where do explanations of audio classifiers point?")
    _add(root, "id", f"urn:uuid:{_SPACE}")
    _add(root, "link", rel="self", href=f"{address}feed.xml")
    _add(root, "link", rel="alternate", type="text/html", href=f"{address}index.html")
    latest = newest[0].created if newest else None
    _add(root, "updated", stamp(latest or datetime(1970, 1, 1, tzinfo=UTC)))
    _add(_add(root, "author"), "name", "awb")
    for entry in newest:
        page = addresses[entry.record.explainer.name]
        _entry(root, entry, f"{address}{page}#{anchor(entry)}")
    ElementTree.indent(root, " ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def anchor(entry: Entry) -> str:
    """Return the anchor of an entry on its explainer's page."""
    return f"entry-{entry.record.sha256[:12]}"


def stamp(when: datetime) -> str:
    """Format a time as in RFC 3339."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _entry(root: ElementTree.Element, entry: Entry, href: str) -> None:
    record, row = entry.record, entry.row
    metric = entry.board.metrics[0]
    found = _add(root, "entry")
    _add(found, "title", f"{record.name}: {entry.pair.title}")
    _add(found, "id", f"urn:uuid:{uuid.uuid5(_SPACE, record.sha256)}")
    _add(found, "link", rel="alternate", type="text/html", href=href)
    when = entry.created
    if when is not None:
        _add(found, "updated", stamp(when))
    _add(_add(found, "author"), "name", record.credit.author or "unknown")
    place = f"place {row.rank} of {entry.ranked}" if row.rank is not None else "not ranked"
    mean = number_text(row.cells[0].mean) if row.cells[0].n else "no value"
    text = (
        f"{metric.name} {mean}, {place}, {row.coverage:.0%} of {entry.board.n_instances} instances."
    )
    _add(found, "summary", " ".join(part for part in (text, record.credit.note) if part))


def _add(
    parent: ElementTree.Element, name: str, text: str = "", **attributes: str
) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, name, attributes)
    child.text = text or None
    return child
