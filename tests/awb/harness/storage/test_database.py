"""What can go wrong with a result store is told as what it is, and nothing stored is lost."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from awb.errors import RunError
from awb.harness.storage.store import Store
from awb.harness.unit.record import OK, ExplainerResult, UnitResult

RESULT = UnitResult("k1", "a", "Dog", (ExplainerResult("naive", OK, scores={"m": (0.5, "")}),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "results.sqlite"
    Store(path).add("d", "m", RESULT)
    return path


def _as_if_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read-only to root, so what the system says about folders is replaced."""
    monkeypatch.setattr(os, "access", lambda *_: False)


def test_a_store_that_another_process_writes_to_is_in_use(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda name, **_: plain(name, timeout=0.01))
    with closing(plain(path)) as other:
        other.execute("begin immediate")
        with pytest.raises(RunError, match="in use by another process"):
            Store(path).add("d", "m", RESULT)


def test_a_full_disk(path: Path) -> None:
    store = Store(path)
    with store.kept_open(), store.transaction() as connection:
        pages = connection.execute("pragma page_count").fetchone()[0]
        connection.execute(f"pragma max_page_count = {pages}")
        long = UnitResult("k2", "b", "x" * 100_000, ())
        with pytest.raises(RunError, match=r"the disk is full.*what is stored is kept"):
            store.add("d", "m", long)
    assert Store(path).finished() == {"k1"}


@pytest.mark.parametrize("page", [1, 3])
def test_damaged_pages(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * page : 4096 * (page + 1)] = b"\xff" * 4096
    path.write_bytes(content)

    def read() -> list[object]:
        return [*Store(path).scores(), *Store(path).explanations()]

    with pytest.raises(RunError, match="is not an awb result store, or is damaged"):
        read()


def test_what_cannot_be_written_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    _as_if_read_only(monkeypatch)
    store = Store(path)
    assert store.finished() == {"k1"}
    assert [row.value for row in store.scores()] == [0.5]
    with pytest.raises(RunError, match="cannot be written"):
        store.add("d", "m", UnitResult("k2", "b", "Dog", ()))
    assert path.read_bytes() == before
    assert not [one for one in path.parent.iterdir() if one != path]


def test_what_cannot_be_written_is_not_read_without_its_log(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.with_name(f"{path.name}-wal").write_bytes(b"later results")
    _as_if_read_only(monkeypatch)
    with pytest.raises(RunError, match="has a log that must be merged"):
        Store(path).finished()


@pytest.mark.parametrize(("kind", "mode"), [("nfs4", "delete"), ("ext4", "wal")])
def test_on_a_network_there_is_no_shared_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, mode: str
) -> None:
    def mounts(**_: Any) -> list[Any]:
        return [
            SimpleNamespace(mountpoint="/", fstype="ext4" if kind == "nfs4" else "nfs4"),
            SimpleNamespace(mountpoint=str(tmp_path), fstype=kind),
        ]

    monkeypatch.setattr(psutil, "disk_partitions", mounts)
    path = tmp_path / "results.sqlite"
    Store(path).add("d", "m", RESULT)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == (mode,)
