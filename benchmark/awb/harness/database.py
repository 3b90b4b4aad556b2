"""Connections to an SQLite file: one for each use, or one that is kept open meanwhile.

Closing the last connection to a file merges its log and waits for the disk, about ten milliseconds.
While one is kept, a transaction takes a fraction of one. What is committed survives the end of
the process at any moment, either way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


class Database:
    """A file of tables, which any number of processes may read and write."""

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._kept: sqlite3.Connection | None = None
        with closing(self.connect()) as connection, connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(schema)

    def connect(self) -> sqlite3.Connection:
        """Open a connection, which the caller closes."""
        connection = sqlite3.connect(self._path, timeout=30.0)
        connection.execute("pragma synchronous = normal")
        connection.execute("pragma foreign_keys = on")
        return connection

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Use one connection for every transaction within."""
        if self._kept is not None:
            yield
            return
        with closing(self.connect()) as self._kept:
            try:
                yield
            finally:
                self._kept = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what is written within, or nothing of it if an error is raised."""
        if self._kept is not None:
            with self._kept:
                yield self._kept
        else:
            with closing(self.connect()) as connection, connection:
                yield connection
