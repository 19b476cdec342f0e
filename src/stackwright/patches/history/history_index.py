"""What the commits of an upstream's history can be found by: read once, kept in the cache, and only added to.

A question costs the same however long the history is.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from stackwright.patches import trailers
from stackwright.patches.metadata import PICKED
from stackwright.store import CommitId, tables
from stackwright.store.lock import locked
from stackwright.tools import git_history

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from stackwright.store import Store
    from stackwright.tools.git_history import Told

SCHEMA = """
create table if not exists commits (
    id text primary key, seconds integer not null, author text not null, subject text not null,
    change_id text not null, read_of text not null) without rowid;
create table if not exists reached (id text not null, tip text not null, yes integer not null, primary key (id, tip))
    without rowid;
create table if not exists keys (
    kind text not null, key text not null, id text not null, primary key (kind, key, id)) without rowid;
create table if not exists seen (
    kind text not null, tip text not null, primary key (kind, tip)) without rowid;
"""
# To be raised when the same history gives other rows.
FORM = 2
CHANGE_ID, SUBJECT, PICKED_FROM, REVERTS, PATCH_ID, MESSAGES = (
    "change-id", "subject", "picked-from", "reverts", "patch-id", "messages")  # fmt: skip
# What teams put before a subject that is not theirs, and what tools put behind it.
BEFORE = re.compile(
    r"\[(?:patch|stable|unmaintained|backport|downstream|local|ours|carry|upstream|\d{4}\.\d)\b[^\]]*\]\s*:?\s*"
)
BEHIND = re.compile(r"\s*(?:\(cherry[ -]picked[^)]*\)|\(backport[^)]*\)|\(#\d+\))$|\s*\.$")
REVERT = re.compile(r'(revert|reapply) "(.*)"')
REVERTED = re.compile(r"^This reverts commit ([0-9a-f]{7,64})", re.MULTILINE)
PICKED_LINE = re.compile(rf"^\s*{PICKED.pattern}\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Known:
    """A commit of the history.

    :param seconds: when it was committed, since the epoch
    :param read_of: the tip of whose history it was read, so that it is in that for sure
    """

    id: CommitId
    seconds: int
    author: str
    subject: str
    change_id: str
    read_of: CommitId


class HistoryIndex:
    """The commits of a store by what they say of themselves, in a file of the cache that threads and processes share.

    :param store: holds the history
    :param cache: the cache directory
    """

    def __init__(self, store: Store, cache: Path) -> None:
        self.store = store
        name = hashlib.sha256(f"{FORM} {store.directory.resolve()}".encode()).hexdigest()[:32]
        self.file = cache / "histories" / f"{name}.sqlite"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._connection = self._open()

    def update(self, tip: CommitId) -> None:
        """Read the commits of a tip that are new."""
        with self._new(MESSAGES, tip) as old:
            if old is not None:
                self._add(MESSAGES, tip, _rows(tip, git_history.told(self.store.directory, tip, without=old)))

    def update_patch_ids(self, tip: CommitId, paths: Collection[str], limit: int) -> str:
        """Read the patch-ids of what the newest commits of a tip do to some files; gives the kind that they are of."""
        here, names = self.store.directory, sorted(paths)
        kind = f"{PATCH_ID} {hashlib.sha256(chr(0).join(names).encode(errors='surrogateescape')).hexdigest()}"
        with self._new(kind, tip) as old:
            if old is not None:
                self.store.need(git_history.blobs_of(here, tip, names, without=old, limit=limit))
                ids = git_history.patch_ids(here, tip, names, without=old, limit=limit)
                self._add(kind, tip, ((None, [(kind, id_, commit)]) for commit, id_ in ids.items()))
        return kind

    def find(self, kind: str, key: str) -> list[Known]:
        """Give the commits with a key, the newest first. A commit id that is a key may be shortened."""
        end = f"{key}g" if kind in (PICKED_FROM, REVERTS) else key
        return self._known("id in (select id from keys where kind = ? and key between ? and ?)", kind, key, end)

    def commits(self, start: str) -> list[Known]:
        """Give the commits whose id begins so."""
        return self._known("id between ? and ?", start, f"{start}g")

    def reaches(self, tip: CommitId, commit: Known) -> bool:
        """Tell whether a commit is in the history of a tip; what has been asked once costs no more."""
        return self._reaches(tip, commit.read_of) or self._reaches(tip, commit.id)

    def _reaches(self, tip: CommitId, commit: CommitId) -> bool:
        if tip == commit:
            return True
        for (yes,) in self._read("select yes from reached where id = ? and tip = ?", commit, tip):
            return bool(yes)
        found = git_history.is_ancestor(self.store.directory, commit, tip)
        with self._lock:
            self._connection.execute("insert or replace into reached values (?, ?, ?)", (commit, tip, int(found)))
        return found

    def picked_from(self, commit: CommitId) -> list[str]:
        """Give the commits that a commit says it was taken from."""
        query = "select key from keys where kind = ? and id = ?"
        return [str(row[0]) for row in self._read(query, PICKED_FROM, commit)]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _known(self, condition: str, *values: str) -> list[Known]:
        columns = "id, seconds, author, subject, change_id, read_of"
        query = f"select {columns} from commits where {condition} order by seconds desc, id"
        return [Known(*row) for row in self._read(query, *values)]

    @contextmanager
    def _new(self, kind: str, tip: CommitId) -> Iterator[list[str] | None]:
        """Give the tips that were read before; None if this one was. One thread of one process is in the block."""
        query = "select tip from seen where kind = ? and tip = ?"
        if self._read(query, kind, tip):
            yield None
            return
        with self._writing, locked(self.file.with_suffix(".lock")):
            if self._read(query, kind, tip):
                yield None
            else:
                yield [str(row[0]) for row in self._read("select tip from seen where kind = ?", kind)]

    def _add(self, kind: str, tip: CommitId, rows: Iterable[tuple[Known | None, list[tuple[str, str, str]]]]) -> None:
        known = list(rows)  # git has ended well before anything is written
        commits = [astuple(one) for one, _ in known if one]
        with self._lock, self._connection:
            self._connection.execute("begin")
            self._connection.executemany("insert or ignore into commits values (?, ?, ?, ?, ?, ?)", commits)
            keys = (key for _, each in known for key in each)
            self._connection.executemany("insert or ignore into keys values (?, ?, ?)", keys)
            self._connection.execute("insert or ignore into seen values (?, ?)", (kind, tip))

    def _read(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def begin_anew(self) -> None:
        """Throw a damaged file away: all of it can be read again."""
        with self._lock:
            self._connection.close()
            tables.remove(self.file)
            self._connection = tables.connect(self.file, SCHEMA)

    def _open(self) -> sqlite3.Connection:
        with locked(self.file.with_suffix(".lock")):
            try:
                return tables.connect(self.file, SCHEMA)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                tables.remove(self.file)
                return tables.connect(self.file, SCHEMA)


def normalised(subject: str) -> str:
    """Give what is compared of a subject: not its case, its full stop, what teams and tools put before and behind."""
    text = " ".join(subject.lower().split())
    while True:
        before = text
        text = BEHIND.sub("", BEFORE.sub("", text, count=1) if BEFORE.match(text) else text)
        if text == before:
            break
    match = REVERT.fullmatch(text)
    if match is None:
        return text
    inner = f'revert "{normalised(match[2])}"'
    return inner if match[1] == "revert" else f'revert "{inner}"'


def _rows(tip: CommitId, commits: Iterable[Told]) -> Iterator[tuple[Known, list[tuple[str, str, str]]]]:
    for commit in commits:
        message = commit.message
        subject = " ".join(message.lstrip("\n").partition("\n\n")[0].split())
        change_id = ""
        if "Change-Id:" in message:
            ids = [found.value for found in trailers.of_message(message) if found.name.lower() == "change-id"]
            change_id = ids[-1] if ids else ""
        keys = [(SUBJECT, normalised(subject), commit.commit)]
        keys += [(CHANGE_ID, change_id, commit.commit)] if change_id else []
        keys += [(PICKED_FROM, match[1], commit.commit) for match in PICKED_LINE.finditer(message)]
        keys += [(REVERTS, match[1], commit.commit) for match in REVERTED.finditer(message)]
        yield Known(CommitId(commit.commit), commit.seconds, commit.author, subject, change_id, tip), keys
