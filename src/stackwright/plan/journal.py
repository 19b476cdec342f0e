"""The journal of a site: every run, its steps with reasons and times, and where their logs are."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, Where
from stackwright.events import concealed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = """
create table if not exists run (
    id integer primary key, command text not null, started real not null, ended real, outcome text);
create table if not exists step (
    run integer not null references run(id), name text not null, reason text not null,
    started real not null, ended real, outcome text, log text not null, primary key (run, name));
"""


@dataclass(frozen=True)
class StepRecord:
    """What the journal knows of a step of a run; times in seconds since the epoch."""

    name: str
    reason: str
    started: float
    ended: float | None
    outcome: str | None
    log: str


@dataclass(frozen=True)
class RunRecord:
    """What the journal knows of a run; one without an end was cut off."""

    number: int
    command: str
    started: float
    ended: float | None
    outcome: str | None


class Journal:
    """The journal in one SQLite file; it records, it decides nothing: reality is asked what is done.

    :raises EnvironmentLacksError: the file is damaged, not ours to write, or the disk is full (so all of its methods)
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._file = file
        with self._explained():
            self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            # The journal outlives a killed process; that the machine itself may lose the last lines is accepted.
            self._connection.executescript(f"pragma journal_mode=wal; pragma synchronous=off; {SCHEMA}")

    def begin(self, command: str) -> int:
        """Record that a run begins; gives its number."""
        cursor = self._execute("insert into run (command, started) values (?, ?)", command, time.time())
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end(self, run: int, outcome: str) -> None:
        """Record how a run ended."""
        self._execute("update run set ended = ?, outcome = ? where id = ?", time.time(), outcome, run)

    def begin_step(self, run: int, name: str, reason: str, log: Path) -> None:
        """Record that a step begins; no secret is in its reason."""
        self._execute(
            "insert into step (run, name, reason, started, log) values (?, ?, ?, ?, ?)",
            *(run, name, concealed(reason), time.time(), str(log)),
        )

    def end_step(self, run: int, name: str, outcome: str) -> None:
        """Record how a step ended."""
        self._execute(
            "update step set ended = ?, outcome = ? where run = ? and name = ?",
            *(time.time(), outcome, run, name),
        )

    def runs(self) -> tuple[RunRecord, ...]:
        """Give all runs, the oldest first."""
        rows = self._execute("select id, command, started, ended, outcome from run order by id").fetchall()
        return tuple(RunRecord(*row) for row in rows)

    def steps(self, run: int) -> tuple[StepRecord, ...]:
        """Give the steps of a run in the order in which they began."""
        rows = self._execute(
            "select name, reason, started, ended, outcome, log from step where run = ? order by started", run
        ).fetchall()
        return tuple(StepRecord(*row) for row in rows)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        with self._lock, self._explained():
            return self._connection.execute(statement, values)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise EnvironmentLacksError(
                f"the journal of the site does not take entries: {error}",
                where=Where(file=self._file),
                fix="make room if the disk is full; a damaged journal can be moved away, nothing depends on it",
            ) from error
