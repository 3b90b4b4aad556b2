"""AudioSet's ontology: levels, the father of a label, and all that a label is also a case of.

Conventions
-----------
The ontology is a directed graph without cycles: seven roots at level 0, and some nodes with several
parents. The level of a node is the length of the *shortest* path to it from a root.

Which path wins
---------------
Where several paths lead to a node, the shortest one names its father; among equally short ones, the
one met first when the file is read breadth first, roots and children in the order of the file. Two
reasons: no label at level 0 to 2 by any path is then ever rolled up into something else, and a
label's winning path always continues that of its winning parent, so that a label and the parent
that speaks for it have the same father. The fathers on the other paths are kept beside it.

References
----------
Gemmeke, J. F., et al. (2017). Audio Set: an ontology and human-labeled dataset for audio events.
ICASSP. doi:10.1109/ICASSP.2017.7952261
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from awb.errors import DataError

FATHER_LEVEL = 2


class Ontology:
    """A checked graph of classes."""

    def __init__(self, names: Mapping[str, str], children: Mapping[str, Iterable[str]]) -> None:
        self.names = dict(names)
        self._parents: dict[str, list[str]] = {mid: [] for mid in names}
        self._children = {mid: tuple(dict.fromkeys(children.get(mid, ()))) for mid in names}
        for mid, own in self._children.items():
            for child in own:
                if child not in self._parents:
                    raise DataError(f"{mid} ({names[mid]}) has a child {child} that is not defined")
                self._parents[child].append(mid)
        _refuse_cycles(self._children, self.names)
        self._winner: dict[str, str | None] = {}
        self._level: dict[str, int] = {}
        self._search_breadth_first()

    def _search_breadth_first(self) -> None:
        """Find each node's level, and its parent on the winning path."""
        queue = [mid for mid, parents in self._parents.items() if not parents]
        self._winner.update(dict.fromkeys(queue))
        self._level.update(dict.fromkeys(queue, 0))
        for mid in queue:  # grows while it is walked
            for child in self._children[mid]:
                if child not in self._level:
                    self._level[child] = self._level[mid] + 1
                    self._winner[child] = mid
                    queue.append(child)

    def __contains__(self, mid: object) -> bool:
        """Tell whether a machine id is defined."""
        return mid in self.names

    def parents(self, mid: str) -> tuple[str, ...]:
        """Return the parents of a node, in the order of the file."""
        return tuple(self._parents[mid])

    def children(self, mid: str) -> tuple[str, ...]:
        """Return the children of a node, in the order of the file."""
        return self._children[mid]

    def level(self, mid: str) -> int:
        """Return the length of the shortest path from a root, 0 for a root."""
        return self._level[mid]

    def father(self, mid: str) -> str:
        """Return the node's ancestor at level 2 on the winning path; up to level 2, itself."""
        while self._level[mid] > FATHER_LEVEL:
            parent = self._winner[mid]
            if parent is None:  # a root has level 0
                break
            mid = parent
        return mid

    def other_fathers(self, mid: str) -> tuple[str, ...]:
        """Return the third nodes of the paths that did not win, in order, the father left out."""
        thirds = [path[FATHER_LEVEL] for path in self.paths(mid) if len(path) > FATHER_LEVEL + 1]
        return tuple(dict.fromkeys(third for third in thirds if third != self.father(mid)))

    def paths(self, mid: str) -> tuple[tuple[str, ...], ...]:
        """Return every path from a root to a node, both included."""
        return self._paths(mid)

    @cache  # noqa: B019 - a few ontologies live as long as the process does
    def _paths(self, mid: str) -> tuple[tuple[str, ...], ...]:
        if not self._parents[mid]:
            return ((mid,),)
        return tuple((*path, mid) for parent in self._parents[mid] for path in self._paths(parent))

    def ancestors(self, mid: str) -> tuple[str, ...]:
        """Return a node and everything above it on any path, each once."""
        nodes = [node for path in self.paths(mid) for node in reversed(path)]
        return tuple(dict.fromkeys(nodes))


def _refuse_cycles(children: Mapping[str, Iterable[str]], names: Mapping[str, str]) -> None:
    """Walk depth first, without recursion, and refuse a node that is below itself."""
    done: set[str] = set()
    for start in children:
        path: list[str] = []
        stack = [(start, iter(children[start]))] if start not in done else []
        path.extend(mid for mid, _ in stack)
        while stack:
            mid, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                done.add(mid)
                stack.pop()
                path.pop()
            elif child in path:
                cycle = [*path[path.index(child) :], child]
                told = " > ".join(f"{names[node]} ({node})" for node in cycle)
                raise DataError(f"the classes form a cycle: {told}")
            elif child not in done:
                stack.append((child, iter(children[child])))
                path.append(child)


def _node(entry: Any, position: int) -> tuple[str, str, list[str]]:
    """Read one class: its id, name and children."""
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str) or not entry["id"]:
        raise DataError(f"entry {position} is not a class with an id")
    name, children = entry.get("name"), entry.get("child_ids", [])
    if not isinstance(name, str) or not name.strip():
        raise DataError(f"entry {position} ({entry['id']}) has no name")
    if not isinstance(children, list) or not all(isinstance(child, str) for child in children):
        raise DataError(f"entry {position} ({entry['id']}): child_ids is not a list of ids")
    return entry["id"], name.strip(), children


def read_ontology(path: Path) -> Ontology:
    """Read AudioSet's ``ontology.json``."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path} is not an ontology: expected a JSON list of classes")
    names: dict[str, str] = {}
    children: dict[str, list[str]] = {}
    try:
        for position, entry in enumerate(entries, 1):
            mid, name, own = _node(entry, position)
            if mid in names:
                raise DataError(f"entry {position} defines {mid} ({name}) a second time")
            names[mid], children[mid] = name, own
        return Ontology(names, children)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def read_names(path: Path) -> dict[str, str]:
    """Read ``mid_to_display_name.tsv``: a machine id and a name per line, no header."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start})") from error
    names: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) != 2 or not all(fields):
            raise DataError(f"{path} line {number}: expected a machine id, a tab and a name")
        mid, name = fields
        if names.setdefault(mid, name) != name:
            raise DataError(f"{path} line {number}: {mid} has two names, {names[mid]} and {name}")
    return names
