"""Untrusted texts in other formats: one function each. HTML is escaped by its templates."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MARKUP = re.compile(r"([\\`*_\[\]|~$#])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BLOCK = re.compile(r"^(\d*)([-+=.):])")
"""What begins a list, a rule or a heading at the start of a line."""

_ADDRESS = re.compile(
    r"[^\s`|]*(?:[a-z][a-z0-9+.-]*://|\bwww\.|\b(?:mailto|xmpp|data|javascript):|@[\w-]+\.\w)"
    r"[^\s`|]*",
    re.IGNORECASE,
)
"""What renderers of GitHub's Markdown turn into a link, even between escapes: shown as code."""


def markdown(text: str) -> str:
    r"""Escape a text for Markdown, in a sentence or in a cell: nothing in it is markup or a link.

    Examples
    --------
    >>> print(markdown("a | b *c* <i>"), markdown("see https://x.example/_a_"))
    a \| b \*c\* &lt;i&gt; see `https://x.example/_a_`
    """
    parts, end = [], 0
    for match in _ADDRESS.finditer(text):
        parts += [_plain_markdown(text[end : match.start()]), f"`{match.group()}`"]
        end = match.end()
    return _BLOCK.sub(r"\1\\\2", "".join([*parts, _plain_markdown(text[end:])]))


def _plain_markdown(text: str) -> str:
    escaped = _MARKUP.sub(r"\\\1", text)
    return "".join(_ENTITIES.get(letter, letter) for letter in escaped)


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "|": r"\textbar{}",
}


def latex(text: str) -> str:
    r"""Escape a text for LaTeX.

    Examples
    --------
    >>> print(latex("ff@10 & naive:window_s=0.5"))
    ff@10 \& naive:window\_s=0.5
    """
    return "".join(_LATEX.get(letter, letter) for letter in " ".join(text.split()))


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: texts that look like one get a quote.

    Examples
    --------
    >>> csv_cell("=1+2"), csv_cell("-0.5"), csv_cell(-0.5), csv_cell("a=b")
    ("'=1+2", '-0.5', -0.5, 'a=b')
    """
    if not isinstance(value, str) or not value.lstrip(" ").startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def csv_text(records: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Write records as a CSV table with a header."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([csv_cell(column) for column in columns])
    writer.writerows([csv_cell(record.get(column, "")) for column in columns] for record in records)
    return stream.getvalue()
