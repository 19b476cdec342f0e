"""Tables of what can be worked out again: SQLite files that several threads and processes share."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 10  # seconds


def connect(file: Path, schema: str) -> sqlite3.Connection:
    """Open a file, made with its tables if it is not there.

    :raises sqlite3.OperationalError: it is locked for too long, or there is no space
    :raises sqlite3.DatabaseError: it is damaged
    """
    connection = sqlite3.connect(file, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
    try:
        # A result lost with the machine's power is worked out again.
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=off")
        connection.executescript(schema)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def open_or_anew(file: Path, schema: str) -> sqlite3.Connection:
    """Open a file as `connect` does; one that is damaged is thrown away and begun anew.

    :raises sqlite3.OperationalError: it is locked for too long, or there is no space
    """
    try:
        return connect(file, schema)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        remove(file)
        return connect(file, schema)


def remove(file: Path) -> None:
    """Throw a file away, with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
