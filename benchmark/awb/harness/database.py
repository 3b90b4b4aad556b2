"""Connections to an SQLite file: one for each use, or one that is kept open meanwhile.

Closing the last connection to a file merges its log and waits for the disk, about ten milliseconds.
While one is kept, a transaction takes a fraction of one. What is committed survives the end of
the process at any moment, either way. Where the folder cannot be written, a copy in memory is read.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from awb.errors import RunError, one_line

_NETWORK = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone",
    "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
}  # fmt: skip
"""File systems on which processes of several machines do not share memory, as a log needs."""

_REASONS = {
    "SQLITE_BUSY": "is in use by another process. Wait for it to end, or stop it",
    "SQLITE_LOCKED": "is in use by another process. Wait for it to end, or stop it",
    "SQLITE_FULL": "cannot be written: the disk is full. Free some space; what is stored is kept",
    "SQLITE_READONLY": "cannot be written. Copy its folder to a place that can be",
    "SQLITE_CANTOPEN": "cannot be opened. May this user read and write its folder?",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error, or is full",
}


class Database:
    """A file of tables, which any number of processes may read and write."""

    holds = "an awb result store"
    """What such a file is, for messages."""

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._kept: sqlite3.Connection | None = None
        self._read_only = path.exists() and not os.access(path.parent, os.W_OK)
        if not self._read_only:
            with self._explained(), closing(self.connect()) as connection, connection:
                self._prepare(connection)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Create the tables that the file lacks."""
        mode = "delete" if _is_on_network(self._path) else "wal"
        connection.execute(f"pragma journal_mode = {mode}")
        connection.executescript(self._schema)

    def connect(self) -> sqlite3.Connection:
        """Open a connection, which the caller closes."""
        if self._read_only:
            return self._copied()
        connection = sqlite3.connect(self._path, timeout=30.0)
        connection.execute("pragma synchronous = normal")
        connection.execute("pragma foreign_keys = on")
        return connection

    def _copied(self) -> sqlite3.Connection:
        """Read the whole file into memory, from where it can be read only."""
        log = self._path.with_name(f"{self._path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise RunError(
                f"{self._path} has a log that must be merged, and cannot be written. Copy its"
                " folder to a place that can be"
            )
        copy = sqlite3.connect(":memory:")
        name = f"{self._path.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(name, uri=True)) as connection:
            connection.backup(copy)
        self._prepare(copy)
        copy.commit()
        copy.execute("pragma query_only = on")
        return copy

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Use one connection for every transaction within."""
        if self._kept is not None:
            yield
            return
        with self._explained():
            kept = self.connect()
        with closing(kept) as self._kept:
            try:
                yield
            finally:
                self._kept = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what is written within, or nothing of it if an error is raised."""
        with self._explained():
            if self._kept is not None:
                with self._kept:
                    yield self._kept
            else:
                with closing(self.connect()) as connection, connection:
                    yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn errors of SQLite into one sentence that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            name = "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])
            other = f"is not {self.holds}, or is damaged: {one_line(error)}"
            raise RunError(f"{self._path} {_REASONS.get(name, other)}") from error


def _is_on_network(path: Path) -> bool:
    """Whether a file lies on a network's file system, as far as the mounts say."""
    import psutil

    place = path.resolve()
    mounts = [
        one for one in psutil.disk_partitions(all=True) if place.is_relative_to(one.mountpoint)
    ]
    return bool(mounts) and max(mounts, key=lambda one: len(one.mountpoint)).fstype in _NETWORK
