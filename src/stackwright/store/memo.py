"""What has been worked out once: a table of pure results, all of which can be worked out again."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import TYPE_CHECKING

from stackwright.store import tables

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = """
create table if not exists memo (
    kind text not null, key text not null, value text not null, primary key (kind, key)) without rowid;
"""


class Memo:
    """Results by kind and key, in one SQLite file shared by all processes of the user.

    A file that is damaged is thrown away and begun anew; who is given a result checks that what it names exists.

    :param directory: the cache directory
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.file = directory / "memo.sqlite"
        self._lock = threading.Lock()
        self._connection = self._open()

    def get(self, kind: str, key: str) -> str | None:
        """Give the result for a key; None if there is none."""
        rows = self._execute("select value from memo where kind = ? and key = ?", (kind, key))
        return str(rows[0][0]) if rows else None

    def put(self, kind: str, key: str, value: str) -> None:
        """Remember a result."""
        self._execute("insert or replace into memo values (?, ?, ?)", (kind, key, value))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _execute(self, statement: str, values: tuple[str, ...]) -> list[tuple[str, ...]]:
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.OperationalError:  # locked for too long, disk full: a memo is never worth a failure
                return []
            except sqlite3.DatabaseError:
                self._connection.close()
                self._connection = self._anew()
                return self._connection.execute(statement, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        until = time.monotonic() + tables.PATIENCE
        while True:
            try:
                return tables.connect(self.file, SCHEMA)
            except sqlite3.OperationalError:
                # Several at once make the file: SQLite does not wait for another that changes the journal's mode.
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            except sqlite3.DatabaseError:
                return self._anew()

    def _anew(self) -> sqlite3.Connection:
        tables.remove(self.file)
        return tables.connect(self.file, SCHEMA)


class RecordingMemo(Memo):
    """One that keeps account of the results that were asked for, or put: what some work stands on."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.used: dict[tuple[str, str], str] = {}

    def get(self, kind: str, key: str) -> str | None:
        """Give the result for a key; None if there is none."""
        value = super().get(kind, key)
        if value is not None:
            self.used[kind, key] = value
        return value

    def put(self, kind: str, key: str, value: str) -> None:
        """Remember a result."""
        super().put(kind, key, value)
        self.used[kind, key] = value
