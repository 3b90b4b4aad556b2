"""Published files: found in the cache, fetched once, and refused with what to do instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import platformdirs
import pooch
import pytest

from awb.errors import DataError
from awb_datasets.audioset.sources import Source, official

KNOWN = Source("labels", "strong labels", "https://example.org/a/labels.tsv", "ab" * 32)
UNKNOWN = Source("names", "names", "https://example.org/a/names.tsv", None)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / name))
    return tmp_path / "awb" / "audioset"


def _fetching(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> list[Any]:
    asked: list[Any] = []

    def retrieve(url: str, known_hash: str | None, fname: str, path: Path) -> str:
        asked.append((url, known_hash, path / fname))
        if error is not None:
            raise error
        return str(path / fname)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    return asked


def test_a_file_is_fetched_into_the_cache_with_its_checksum(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _fetching(monkeypatch)
    assert official(KNOWN) == cache / "labels.tsv"
    assert official(UNKNOWN) == cache / "names.tsv"
    assert asked == [
        (KNOWN.url, "sha256:" + "ab" * 32, cache / "labels.tsv"),
        (UNKNOWN.url, None, cache / "names.tsv"),
    ]


def test_a_file_of_unknown_checksum_is_not_fetched_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _fetching(monkeypatch)
    cache.mkdir(parents=True)
    for name in ("labels.tsv", "names.tsv"):
        (cache / name).touch()
    assert official(UNKNOWN) == cache / "names.tsv"
    assert asked == []
    official(KNOWN)
    assert len(asked) == 1, "pooch compares it with its checksum"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionError("no route"), "could not be fetched (ConnectionError)"),
        (ValueError("SHA256 differs"), "could not be fetched (its checksum is wrong)"),
    ],
)
@pytest.mark.usefixtures("cache")
def test_what_cannot_be_fetched_says_how_to_give_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    _fetching(monkeypatch, error)
    with pytest.raises(DataError) as caught:
        official(KNOWN)
    assert f"strong labels of AudioSet {reason}" in str(caught.value)
    assert f"Download {KNOWN.url} and give it as the setting labels=FILE" in str(caught.value)
