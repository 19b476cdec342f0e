"""What earlier runs left: what came of each test on each tree, and what each test reached (SQLite)."""

from __future__ import annotations

import json
import threading
import zlib
from array import array
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from stackwright.proof.upstream.inside.reach import ELSEWHERE
from stackwright.proof.upstream.model import Outcome, Status
from stackwright.proof.upstream.modules import above
from stackwright.store import TreeId, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from stackwright.proof.upstream.model import ShardResult

# To be raised when the same tests of the same tree give another result: it is part of the file's name.
FORM = 1
APART = " apart"  # of no other suite's name
SCHEMA = """
create table if not exists results (
    suite text, tree text, test text, status text, seconds real, began real, said text, flaky integer,
    primary key (suite, tree, test)) without rowid;
create table if not exists asked (suite text, tree text, name text, primary key (suite, tree, name)) without rowid;
create table if not exists listed (suite text, tree text, tests blob, primary key (suite, tree)) without rowid;
create table if not exists units (id integer primary key, component text, name text, unique (component, name));
create table if not exists reach (
    suite text, test text, tree text, units blob, primary key (suite, test)) without rowid;
create table if not exists shared (suite text primary key, units blob) without rowid;
"""


@dataclass(frozen=True)
class Suite:
    """Whose results are alike: the tests of a component in one environment.

    :param environment: its key; before it, what tests they are if they are no unit tests
    :param apart: each without others beside it
    """

    component: str
    environment: str
    apart: bool = False

    def __str__(self) -> str:
        """Give it as it is written into the tables."""
        return f"{self.component} {self.environment}{APART if self.apart else ''}"


@dataclass(frozen=True)
class Past:
    """What came of a component's tests on one tree in one environment, at some time.

    :param began: of its first test, in seconds since the epoch
    :param bad: the tests that failed
    :param flaky: those that failed, and passed when they were run again
    """

    tree: TreeId
    environment: str
    began: float
    tests: int
    seconds: float
    bad: frozenset[str]
    flaky: frozenset[str]


@dataclass(frozen=True)
class Reaching:
    """What a test reached when it was last run.

    :param tree: on which
    :param units: a bit a unit; None where nobody saw it: it was in another process, or the test came to no end
    """

    test: str
    tree: TreeId
    units: int | None


class Records:
    """The tables. Several threads and processes may use them at once.

    :param directory: where their file is, made on first use; one that is damaged is begun anew, and costs time alone
    """

    def __init__(self, directory: Path) -> None:
        self._lock = threading.RLock()
        directory.mkdir(parents=True, exist_ok=True)
        self._tables = tables.open_or_anew(directory / f"results-{FORM}.sqlite", SCHEMA)

    # Results ---------------------------------------------------------------------------------------------------

    def results(self, suite: Suite, tree: TreeId) -> dict[str, Outcome]:
        """Give what came of tests on a tree."""
        rows = self._rows(
            "select test, status, seconds, began, said, flaky from results where suite = ? and tree = ?",
            str(suite),
            tree,
        )
        return {
            test: Outcome(test, Status(status), seconds, began, said, bool(flaky))
            for test, status, seconds, began, said, flaky in rows
        }

    def asked(self, suite: Suite, tree: TreeId) -> frozenset[str]:
        """Give the names that were run on a tree: of tests, of modules and classes as a whole."""
        rows = self._rows("select name from asked where suite = ? and tree = ?", str(suite), tree)
        return frozenset(name for (name,) in rows)

    def keep(self, suite: Suite, tree: TreeId, names: Iterable[str], outcomes: Iterable[Outcome]) -> None:
        """Remember what came of what was asked for on a tree."""
        with self._writing():
            self._tables.executemany(
                "insert or replace into results values (?, ?, ?, ?, ?, ?, ?, ?)",
                [(str(suite), tree, *astuple(outcome)) for outcome in outcomes],
            )
            self._tables.executemany(
                "insert or ignore into asked values (?, ?, ?)", [(str(suite), tree, name) for name in names]
            )

    def carry(self, suite: Suite, old: TreeId, new: TreeId, names: Collection[str]) -> None:
        """Let what came of names on one tree hold for another."""
        outcomes = self.results(suite, old)
        wanted = set(names)
        self.keep(suite, new, names, (one for one in outcomes.values() if not wanted.isdisjoint(above(one.test))))

    def past(self, component: str, most: int) -> tuple[Past, ...]:
        """Give what came of a component's tests on the trees that they ran on last, the latest first."""
        beginning = f"{component} "
        rows = self._rows(
            "select suite, tree, min(began), count(*), sum(seconds) from results"
            " where substr(suite, 1, length(?1)) = ?1 and substr(suite, -length(?2)) != ?2 and began > 0"
            " group by suite, tree order by min(began) desc",
            beginning,
            APART,
        )[:most]
        found = []
        for suite, tree, began, tests, seconds in rows:
            troubled = self._rows(
                "select test, flaky from results where suite = ? and tree = ? and status not in (?, ?)",
                suite, tree, Status.OK, Status.SKIPPED,
            )  # fmt: skip
            bad = frozenset(test for test, flaky in troubled if not flaky)
            flaky = frozenset(test for test, flaky in troubled if flaky)
            environment = suite.removeprefix(beginning)
            found.append(Past(TreeId(tree), environment, began, tests, seconds, bad, flaky))
        return tuple(found)

    def ran(self, past: Past, component: str, tests: Iterable[str]) -> frozenset[str]:
        """Tell which of some tests ran then."""
        rows = self._rows("select test from results where suite = ? and tree = ?",
                          str(Suite(component, past.environment)), past.tree)  # fmt: skip
        return frozenset(tests) & {test for (test,) in rows}

    def seconds(self, suite: Suite) -> dict[str, float]:
        """Give how long each test took at last, wherever."""
        return dict(self._rows("select test, seconds from results where suite = ? order by began", str(suite)))

    def listed(self, suite: Suite, tree: TreeId, find: Callable[[], Sequence[str]]) -> tuple[str, ...]:
        """Give the tests of a tree; they are looked for once."""
        rows = self._rows("select tests from listed where suite = ? and tree = ?", str(suite), tree)
        if rows:
            return tuple(json.loads(zlib.decompress(rows[0][0])))
        tests = tuple(dict.fromkeys(find()))
        packed = zlib.compress(json.dumps(tests).encode())
        with self._writing():
            self._tables.execute("insert or replace into listed values (?, ?, ?)", (str(suite), tree, packed))
        return tests

    # Reach -----------------------------------------------------------------------------------------------------

    def keep_reach(self, suite: Suite, result: ShardResult) -> None:
        """Remember what the tests of a shard reached, in place of what they reached before."""
        with self._writing():
            seen: dict[str, bytes | None] = {outcome.test: None for outcome in result.outcomes}
            shared = self.shared(suite)
            for reached in result.reached:
                ids = self._ids(suite.component, reached.units)
                elsewhere = dict(zip(reached.units, ids, strict=True)).get(ELSEWHERE, None)
                for test, packed in reached.tests.items():
                    units = _bits(packed, ids)
                    seen[test] = None if elsewhere is not None and units >> elsewhere & 1 else _packed(units)
                shared |= _bits(reached.shared, ids)
            rows = [(str(suite), test, result.shard.tree, units) for test, units in seen.items()]
            self._tables.executemany("insert or replace into reach values (?, ?, ?, ?)", rows)
            self._tables.execute("insert or replace into shared values (?, ?)", (str(suite), _packed(shared)))

    def reach(self, suite: Suite) -> Iterator[Reaching]:
        """Give what each test reached."""
        for test, tree, units in self._rows("select test, tree, units from reach where suite = ?", str(suite)):
            yield Reaching(test, TreeId(tree), None if units is None else _unpacked(units))

    def known(self, suite: Suite) -> frozenset[str]:
        """Give the names of which anything has been run on any tree."""
        return frozenset(name for (name,) in self._rows("select distinct name from asked where suite = ?", str(suite)))

    def shared(self, suite: Suite) -> int:
        """Give what belongs to no test alone, a bit a unit."""
        rows = self._rows("select units from shared where suite = ?", str(suite))
        return _unpacked(rows[0][0]) if rows else 0

    def units(self, component: str) -> dict[str, int]:
        """Give the number of each unit."""
        return dict(self._rows("select name, id from units where component = ?", component))

    def _ids(self, component: str, units: Sequence[str]) -> list[int]:
        known = self.units(component)
        fresh = [(component, unit) for unit in dict.fromkeys(units) if unit not in known]
        if fresh:
            self._tables.executemany("insert into units (component, name) values (?, ?)", fresh)
            known = self.units(component)
        return [known[unit] for unit in units]

    def _rows(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._tables.execute(statement, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._tables.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._tables.execute("rollback")
                raise
            self._tables.execute("commit")


def _bits(packed: bytes, ids: Sequence[int]) -> int:
    if not packed:
        return 0
    numbers = array("I")
    numbers.frombytes(zlib.decompress(packed))
    wanted = [ids[number] for number in numbers]
    bits = bytearray(max(wanted, default=0) // 8 + 1)
    for one in wanted:
        bits[one >> 3] |= 1 << (one & 7)
    return int.from_bytes(bits, "little")


def _packed(bits: int) -> bytes:
    return zlib.compress(bits.to_bytes((bits.bit_length() + 7) // 8, "little"))


def _unpacked(packed: bytes) -> int:
    return int.from_bytes(zlib.decompress(packed), "little")
