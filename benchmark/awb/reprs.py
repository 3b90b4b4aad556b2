"""Short representations: one line when printed, a small table in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

LONGEST = 60
"""Characters of a fact in a line."""


class Described:
    """Base of what users hold: its representation is made of a name and a few facts."""

    __slots__ = ()

    def _described(self) -> tuple[str, Mapping[str, str]]:
        """Return what it is, and facts by their names."""
        return type(self).__name__, {}

    def __repr__(self) -> str:
        """Summarize in one line."""
        return line(*self._described())

    def _repr_html_(self) -> str:
        return table(*self._described())


class DescribedModel(Described):
    """Base of models: the representation says its name, classes and rate."""

    __slots__ = ()

    def _described(self) -> tuple[str, Mapping[str, str]]:
        classes: Sequence[str] = getattr(self, "classes", ())
        rate_hz = getattr(self, "sample_rate_hz", None)
        name = getattr(self, "name", "") or getattr(self, "reference", "")
        return f"{type(self).__name__} {name}".strip(), {
            "classes": f"{len(classes)} ({some(classes)})",
            "rate": "" if rate_hz is None else f"{rate_hz:,} Hz",
        }


class DescribedDataset(Described):
    """Base of datasets: the representation says how many clips there are."""

    __slots__ = ()

    def _described(self) -> tuple[str, Mapping[str, str]]:
        ids: Sequence[str] = self.clip_ids()  # type: ignore[attr-defined]
        return type(self).__name__, {"clips": f"{len(ids)} ({some(ids)})"}


def some(names: Sequence[str], most: int = 3) -> str:
    """List the first few names.

    Examples
    --------
    >>> some(["Dog", "Cat", "Bell", "Siren"])
    'Dog, Cat, Bell, …'
    """
    return ", ".join([*map(str, names[:most]), *(["…"] if len(names) > most else [])])


def line(what: str, facts: Mapping[str, str]) -> str:
    """Write a thing in one line.

    Examples
    --------
    >>> line("Clip bark", {"length": "2 s", "events": ""})
    '<Clip bark: length 2 s>'
    """
    said = ", ".join(f"{name} {_cut(text)}" for name, text in facts.items() if text)
    return f"<{what}: {said}>" if said else f"<{what}>"


def table(what: str, facts: Mapping[str, str]) -> str:
    """Write a thing as a small HTML table; names are escaped."""
    rows = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th>'
        f'<td style="text-align:left">{escape(text)}</td></tr>'
        for name, text in facts.items()
        if text
    )
    return f"<table><caption><strong>{escape(what)}</strong></caption>{rows}</table>"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
