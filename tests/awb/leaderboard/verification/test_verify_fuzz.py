"""Random edits of a valid submission: no traceback, and changed scores never pass."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from awb.leaderboard.verification.checks import TOLERANCE, Verdict, same, verify
from awb.plugins.discovery import load
from submissions import read, seal, submission, swap_relevance

FUZZ = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(0, 1)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to every value of a document."""
    if path:
        yield path
    children: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    for key, child in children:
        yield from _places(child, (*path, key))


def _replace(plain: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        plain = plain[key]
    plain[path[-1]] = value


@pytest.fixture
def path(copy: Path) -> Path:
    return submission(copy)


@pytest.fixture
def original(path: Path) -> dict[str, Any]:
    return read(path)


def _verify(path: Path) -> Verdict:
    """Verify a submission; any exception fails the test."""
    verdict = verify(path, load())
    assert verdict.reason.isprintable()
    return verdict


def _changed(verdict: Verdict, original: dict[str, Any]) -> list[str]:
    """List the recomputed metrics whose scores differ from the published ones."""
    assert verdict.checked is not None
    assert verdict.submitted is not None
    scores = verdict.submitted.record.scores
    return [
        label
        for label in verdict.checked.recomputed
        for before, after in zip(original["scores"][label], scores[label], strict=True)
        if not same(after, float("nan") if before is None else before, 2 * TOLERANCE)
    ]


@FUZZ
@given(data=st.data())
def test_any_value_changed_without_the_hash_is_refused(
    data: st.DataObject, path: Path, original: dict[str, Any]
) -> None:
    plain = json.loads(json.dumps(original))
    place = data.draw(st.sampled_from(list(_places(plain))))
    value = data.draw(VALUES)
    _replace(plain, place, value)
    path.write_text(json.dumps(plain), encoding="utf-8", errors="replace")
    assert not _verify(path).passed


@FUZZ
@given(data=st.data())
def test_whatever_passes_with_an_updated_hash_has_the_scores_of_its_relevance(
    data: st.DataObject, path: Path, original: dict[str, Any]
) -> None:
    plain = json.loads(json.dumps(original))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(list(_places(plain))))
        _replace(plain, place, data.draw(VALUES))
    seal(path, plain)
    verdict = _verify(path)
    if verdict.passed:
        assert _changed(verdict, original) == []


@FUZZ
@given(data=st.data())
def test_scores_of_localization_and_complexity_cannot_be_changed(
    data: st.DataObject, path: Path, original: dict[str, Any]
) -> None:
    plain = json.loads(json.dumps(original))
    labels = ["roc-auc", "average-precision", "pointing-game", "sparseness", "complexity", "psds"]
    label = data.draw(st.sampled_from(labels))
    place = data.draw(st.integers(0, 2))
    before = plain["scores"][label][place]
    after = data.draw(st.floats(0, 1) | st.floats(-1e-3, 1e-3).map(lambda by: before + by))
    assume(abs(abs(after - before) - TOLERANCE) > TOLERANCE / 1000)  # here rounding would decide
    plain["scores"][label][place] = after
    seal(path, plain)
    assert _verify(path).passed == same(after, before)


@FUZZ
@given(where=st.integers(0, 2**31), byte=st.integers(0, 255), length=st.integers(0, 40))
def test_random_bytes_are_refused(
    where: int, byte: int, length: int, path: Path, original: dict[str, Any]
) -> None:
    seal(path, original)
    content = path.read_bytes()
    at = where % len(content)
    changed = content[:at] + bytes([byte]) * length + content[at + max(1, length) :]
    path.write_bytes(changed)
    assert _verify(path).passed == (changed == content)


@FUZZ
@given(packed=st.binary(max_size=300), sealed=st.booleans())
def test_random_relevance_is_refused(
    packed: bytes, sealed: bool, path: Path, original: dict[str, Any]
) -> None:
    seal(path, original)
    relevance = path.with_suffix(".relevance")
    backup = path.with_suffix(".backup")
    if not backup.exists():
        shutil.copy(relevance, backup)
    if sealed:
        swap_relevance(path, packed)
    else:
        relevance.write_bytes(packed + backup.read_bytes())
    assert _verify(path).passed == (packed == b"" and not sealed)
