"""Random edits of whole submissions: each is refused, or changes no number that a page shows.

`verify`, the boards and the site never raise, whatever is edited.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from awb.errors import SubmissionError
from awb.leaderboard.boards.board import Board
from awb.leaderboard.formats.text import to_markdown
from awb.leaderboard.publishing.published_board import board_of, data_of
from awb.leaderboard.submissions.canonical_json import canonical
from awb.leaderboard.submissions.files import MANIFEST_NAME, Reader
from awb.leaderboard.verification.checks import Verdict, verify
from awb.plugins.discovery import load
from awb.site.builder import build_site
from submissions import awb, read, seal, submission, swap_relevance

Edit = Callable[[st.DataObject, dict[str, Any], "Folder"], None]
QUICK, MANY, SITES = 250, 10_000, 150

TEXTS = st.sampled_from(
    ["", " ", "\u3164", "a" * 600, "<script>", "](javascript:1)", "=1+1", "\\input{x}",
     "oracle",
     "r\u0430ndom", "random",
     "roc-auc", "deletion-area", "constant", "../x", "\x00", "NaN", "ff@10"]
) | st.text(max_size=12)  # fmt: skip
NUMBERS = (
    st.sampled_from([0, -1, 1, 0.0, 1.0, 0.5, 1e308, -1e308, 1e-308, 10**18, 2**53, -0.0, 1e15])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(10**17), 10**17)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@dataclass(frozen=True)
class Folder:
    """A copy of the leaderboards in which one submission is edited."""

    root: Path
    path: Path  # of the submission
    sealed: bytes
    pickled: bytes  # the submission's content, of which each edit gets its own
    manifest: bytes
    packed: bytes

    @property
    def original(self) -> dict[str, Any]:
        """The submission as it was, a new copy each time."""
        plain: dict[str, Any] = pickle.loads(self.pickled)  # noqa: S301 - pickled in this test
        return plain

    def restore(self) -> None:
        """Undo every edit."""
        for path, content in (
            (self.path.with_name(MANIFEST_NAME), self.manifest),
            (self.path.with_suffix(".relevance"), self.packed),
            (self.path, self.sealed),
        ):
            if path.read_bytes() != content:
                path.write_bytes(content)


@pytest.fixture
def folder(copy: Path) -> Folder:
    path = submission(copy)
    return Folder(
        copy,
        path,
        path.read_bytes(),
        pickle.dumps(read(path)),
        path.with_name(MANIFEST_NAME).read_bytes(),
        path.with_suffix(".relevance").read_bytes(),
    )


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for key, child in children:
        yield from _places(child, (*path, key))


def _replace_any(data: st.DataObject, plain: dict[str, Any], _: Folder) -> None:
    *keys, last = data.draw(st.sampled_from(list(_places(plain))))
    for key in keys:
        plain = plain[key]
    plain[last] = data.draw(VALUES)


def _nudge_a_number(data: st.DataObject, plain: dict[str, Any], _: Folder) -> None:
    """Change a number in a way that suits a cheat: larger, smaller, its neighbour's."""
    found = []
    for place in _places(plain):
        value: Any = plain
        for key in place:
            value = value[key]
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append((place, value))
    place, value = data.draw(st.sampled_from(found))
    _, other = data.draw(st.sampled_from(found))
    new = data.draw(st.sampled_from([value + 1, -value, value / 2, value * 1.01, other, 0, 1, 1.0]))
    target: Any = plain
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = type(value)(new) if data.draw(st.booleans()) else new


def _swap_columns(data: st.DataObject, plain: dict[str, Any], _: Folder) -> None:
    one, other = (
        data.draw(st.sampled_from(sorted(plain["scores"]))),
        data.draw(st.sampled_from(sorted(plain["scores"]))),
    )
    scores = plain["scores"]
    scores[one], scores[other] = scores[other], scores[one]


def _shuffle_rows(data: st.DataObject, plain: dict[str, Any], _: Folder) -> None:
    plain["instances"] = data.draw(st.permutations(plain["instances"]))


def _hide_values(data: st.DataObject, plain: dict[str, Any], _: Folder) -> None:
    label = data.draw(st.sampled_from(sorted(plain["scores"])))
    place = data.draw(st.integers(0, 2))
    plain["scores"][label][place] = None
    plain["undefined"].setdefault(label, {}).setdefault(data.draw(TEXTS), []).append(place)


def _drop_metric(data: st.DataObject, plain: dict[str, Any], _: Folder) -> None:
    label = data.draw(st.sampled_from(sorted(plain["scores"])))
    plain["metrics"] = [one for one in plain["metrics"] if one["label"] != label]
    plain["scores"].pop(label)
    plain["undefined"].pop(label, None)


def _reorder_metrics(data: st.DataObject, plain: dict[str, Any], _: Folder) -> None:
    plain["metrics"] = data.draw(st.permutations(plain["metrics"]))


def _edit_relevance(data: st.DataObject, plain: dict[str, Any], folder: Folder) -> None:
    """Change some values of the relevance, and its hash."""
    values = np.frombuffer(zlib.decompress(folder.packed), dtype="<f4").copy()
    at = data.draw(st.integers(0, values.size - 1))
    values[at] = data.draw(st.floats(width=32, allow_nan=False, allow_infinity=False))
    packed = zlib.compress(values.tobytes())
    folder.path.with_suffix(".relevance").write_bytes(packed)
    plain["relevance"]["sha256"] = hashlib.sha256(packed).hexdigest()


def _edit_manifest(data: st.DataObject, plain: dict[str, Any], folder: Folder) -> None:
    """Change the manifest that all rows share, and the hash in this one."""
    manifest = json.loads(folder.manifest)
    _replace_any(data, manifest, folder)
    try:
        content = canonical(manifest)
    except ValueError:
        return
    folder.path.with_name(MANIFEST_NAME).write_bytes(content)
    compact = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    plain["manifest"]["sha256"] = hashlib.sha256(compact).hexdigest()


EDITS: list[Edit] = [
    _replace_any, _nudge_a_number, _swap_columns, _shuffle_rows, _hide_values, _drop_metric,
    _reorder_metrics, _edit_relevance, _edit_manifest,
]  # fmt: skip


class Shown:
    """The boards of everything in a folder that verify accepts."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._verdicts = self._verified()
        self.before = self._board(self._verdicts)

    def with_edited(self, edited: Verdict) -> Board:
        """Make the board after an edit; only an edited manifest concerns the other submissions."""
        manifest = self._folder.path.with_name(MANIFEST_NAME).read_bytes()
        others = self._verdicts if manifest == self._folder.manifest else self._verified()
        return self._board({**others, edited.path: edited})

    def _verified(self) -> dict[Path, Verdict]:
        registry, reader, folder = load(), Reader(), self._folder.path.parent
        found = {
            path: verify(path, registry, reader)
            for path in sorted(folder.glob("*.json"))
            if path.name != MANIFEST_NAME
        }
        assert all(verdict.reason.isprintable() for verdict in found.values())
        return found

    def _board(self, verdicts: dict[Path, Verdict]) -> Board:
        group = [one.submitted for one in verdicts.values() if one.submitted is not None]
        board = board_of(data_of(group, load()))
        assert board is not None
        return board


def _means(board: Board, names: set[str]) -> dict[tuple[str, str], float]:
    """Return what follows from the relevance: localization and complexity, rounded as shown."""
    families = {"localization", "complexity"}
    return {
        (row.explainer, facts.name): round(cell.mean, 5)
        for row in board.rows
        for facts, cell in zip(board.metrics, row.cells, strict=True)
        if facts.family in families and cell.n and row.explainer in names
    }


def _attempt(data: st.DataObject, folder: Folder, shown: Shown) -> bool:
    """Edit a submission; say whether it passes, and fail if that changes a number unfoundedly."""
    folder.restore()
    plain = folder.original
    touched = []
    for _ in range(data.draw(st.integers(1, 3))):
        edit = data.draw(st.sampled_from(EDITS))
        try:
            edit(data, plain, folder)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError):
            continue  # an earlier edit has removed what this one changes
        touched.append(edit)
    try:
        seal(folder.path, plain)
    except (ValueError, TypeError):
        return False  # no JSON at all
    verdict = verify(folder.path, load())
    if not verdict.passed:
        return False
    board, before = shown.with_edited(verdict), shown.before
    assert to_markdown(board)
    names = {row.explainer for row in board.rows}
    assert names <= {row.explainer for row in before.rows}
    others = names - {"random-forest"}
    if _edit_manifest not in touched:
        was, now = _means(before, others), _means(board, others)
        assert {key: was[key] for key in now} == now, "the edit moves what is shown of another row"
    if not {_edit_manifest, _edit_relevance} & set(touched):
        was, now = _means(before, {"random-forest"}), _means(board, {"random-forest"})
        assert {key: was[key] for key in now} == now, "not what its relevance gives"
    return True


def _fuzz(n_edits: int, folder: Folder) -> dict[bool, int]:
    shown = Shown(folder)
    counts = {True: 0, False: 0}

    @settings(
        max_examples=n_edits,
        deadline=None,
        database=None,
        derandomize=n_edits == QUICK,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def edit(data: st.DataObject) -> None:
        counts[_attempt(data, folder, shown)] += 1

    edit()
    folder.restore()
    return counts


def test_edits_are_refused_or_without_effect(folder: Folder) -> None:
    counts = _fuzz(QUICK, folder)
    assert counts[False] > QUICK / 2
    assert counts[True], "edits of notes and the like pass"


@pytest.mark.slow
def test_ten_thousand_edits_are_refused_or_without_effect(folder: Folder) -> None:
    counts = _fuzz(MANY, folder)
    assert counts[False] > MANY / 2


def _publish(folder: Folder, into: Path) -> None:
    """Write every page of the leaderboards, whatever they contain."""
    result = awb("publish", "--into", folder.root, "--no-site")
    assert isinstance(result.exception, SystemExit | type(None)), result.exception
    try:
        build_site(folder.root, into, load())  # of the other submissions at least
    except SubmissionError as error:  # the manifest that all share was edited
        assert "has no valid submission" in str(error)  # noqa: PT017 - nothing else is right


@pytest.mark.slow
def test_no_edit_keeps_the_pages_from_being_written(folder: Folder, tmp_path: Path) -> None:
    @settings(
        max_examples=SITES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(data=st.data())
    def edit(data: st.DataObject) -> None:
        folder.restore()
        plain = folder.original
        for _ in range(data.draw(st.integers(1, 3))):
            try:
                data.draw(st.sampled_from(EDITS))(data, plain, folder)
            except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError):
                continue
        try:
            seal(folder.path, plain)
        except (ValueError, TypeError):
            return
        _publish(folder, tmp_path / "site")

    edit()


def test_an_extreme_entry_that_passes_leaves_the_pages_readable(
    folder: Folder, tmp_path: Path
) -> None:
    """Every free number at its bound, every free text hostile: the pages are written."""
    plain = folder.original
    for row in plain["instances"]:
        row.update(seconds=1e9, forwards=1e15, calls=10**15)
    plain["credit"] = {
        "author": "[a](https://evil.example) ![i](https://evil.example/p.png)",
        "note": "<img src=x onerror=alert(1)> | https://evil.example/?q=[a]",
        "citation": "=HYPERLINK(1)",
    }
    plain["environment"].update(
        computed_on="| [cpu](https://evil.example) |", created="9999-99-99T99"
    )
    seal(folder.path, plain)
    assert verify(folder.path, load()).passed
    result = awb("publish", "--into", folder.root)
    assert result.exit_code == 0, result.output
    [board] = folder.root.glob("folder*.md")
    text = board.read_text(encoding="utf-8")
    tokens = [
        inner
        for token in MarkdownIt("commonmark").enable("table").parse(text)
        for inner in token.children or [token]
    ]
    addresses = {str(value) for token in tokens for value in token.attrs.values()}
    assert not any("evil" in address for address in addresses)
    assert not any("://" in token.content for token in tokens if token.type == "text"), "a link"
    html = [token.content for token in tokens if token.type.startswith("html")]
    assert not any("<img" in content for content in html)
    for page in (folder.root / "site").rglob("*.html"):
        content = page.read_text(encoding="utf-8")
        assert "<img src=x" not in content
        assert 'src="https://evil' not in content


def test_restoring_undoes_every_edit(folder: Folder) -> None:
    swap_relevance(folder.path, b"x")
    folder.restore()
    assert verify(folder.path, load()).passed
    shutil.rmtree(folder.root)
