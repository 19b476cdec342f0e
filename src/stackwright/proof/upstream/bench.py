"""Where a component's trees are tested: each test runs once on each tree, and again if it failed."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.events import Kind
from stackwright.proof.upstream.model import Level, Outcome, Shard, Status
from stackwright.proof.upstream.modules import above, module_with, test_modules
from stackwright.proof.upstream.records import Suite
from stackwright.proof.upstream.shards import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from stackwright.events import Events
    from stackwright.proof.upstream.model import Project
    from stackwright.proof.upstream.pool import Executor
    from stackwright.proof.upstream.records import Records
    from stackwright.store import Store, TreeId

# Tests that failed are run again in a process each if they are no more than these, else in one.
ALONE = 5
EVERY = 10.0  # seconds between two events


class Bench:
    """The tests of one component of one release.

    :param setting: gives what the tests of a tree have to know, and the key of their environment, which is there
    :param timeout: seconds that one test may take
    """

    def __init__(
        self,
        component: str,
        release: str,
        setting: Callable[[TreeId], tuple[Project, str]],
        *,
        store: Store,
        records: Records,
        executor: Executor,
        events: Events,
        timeout: float,
    ) -> None:
        self.component, self.release = component, release
        self.store, self.records = store, records
        self._setting, self._executor, self._events, self._timeout = setting, executor, events, timeout
        self._sides: dict[TreeId, Side] = {}
        self.ran = 0

    def side(self, tree: TreeId) -> Side:
        """Give a tree to be tested."""
        if tree not in self._sides:
            project, environment = self._setting(tree)
            shard = Shard(self.component, self.release, tree, environment, project, timeout=self._timeout)
            self._sides[tree] = Side(self.store, self.records, shard)
        return self._sides[tree]

    def list(self, tree: TreeId) -> tuple[str, ...]:
        """Give the ids of all tests of a tree.

        :raises RunFailedError: they cannot be listed
        """
        side = self.side(tree)

        def find() -> tuple[str, ...]:
            self._events.emit(Kind.STARTED, self._subject, "look for tests")
            return self._executor.list(side.shard)

        return self.records.listed(side.suite, tree, find)

    def run(self, tree: TreeId, names: Collection[str], what: str) -> Mapping[str, Outcome]:
        """Run what has not been run on a tree; gives what came of all that these names mean.

        :param names: ids of tests, names of modules and classes
        :param what: the tree, for a person
        """
        side = self.side(tree)
        asked = self.records.asked(side.suite, tree)
        missing = {name for name in names if asked.isdisjoint(above(name))}
        # Whoever gives a test more time than it had wants to see it run.
        missing |= {
            test
            for test, outcome in self._known(side, names).items()
            if outcome.status is Status.HUNG and outcome.seconds < self._timeout
        }
        if missing:
            self._run(side, frozenset(missing), what)
        return self._known(side, names)

    def _known(self, side: Side, names: Collection[str]) -> dict[str, Outcome]:
        """Give what is known of all that some names mean."""
        wanted, results = set(names), self.records.results(side.suite, side.shard.tree)
        return {test: outcome for test, outcome in results.items() if not wanted.isdisjoint(above(test))}

    @property
    def _subject(self) -> str:
        return f"{self.component}/tests"

    def _run(self, side: Side, names: frozenset[str], what: str) -> None:
        """Run names on a tree and remember what comes of them, shard by shard."""
        tree, suite = side.shard.tree, side.suite
        begun = time.monotonic()
        self._events.emit(Kind.STARTED, self._subject, f"run {side.told(names)} on {what}")
        progress = _Progress(self._events, self._subject, what)
        for result in self._executor.run(side.cut(names, self._executor.width), progress.tell):
            failed = {outcome.test: outcome for outcome in result.outcomes if outcome.bad}
            outcomes = {outcome.test: outcome for outcome in result.outcomes} | self._again(side, failed)
            self.records.keep(suite, tree, result.shard.tests, outcomes.values())
            self.records.keep_reach(suite, result)
            self.ran += len(outcomes)
        took = time.monotonic() - begun
        self._events.emit(Kind.DONE, self._subject, f"{progress.count} tests on {what}", took)

    def _again(self, side: Side, failed: Mapping[str, Outcome]) -> dict[str, Outcome]:
        """Run failed tests again; those that pass now are flaky."""
        left = [test for test, outcome in failed.items() if outcome.status is not Status.HUNG]
        passed = {test for test, outcome in self._apart(side, left).items() if outcome.status.good}
        return {test: replace(failed[test], flaky=True) for test in left if test in passed}

    def fail_apart(self, tree: TreeId, tests: Collection[str]) -> Collection[str]:
        """Give those of some tests that fail on a tree where no others run beside them.

        There are tests that pass only in the company of others, whose modules bring something about.
        """
        side = self.side(tree)
        suite = replace(side.suite, apart=True)
        missing = sorted(set(tests) - self.records.asked(suite, tree))
        if missing:
            outcomes = self._apart(side, missing)
            self.records.keep(suite, tree, missing, outcomes.values())
            self.ran += len(outcomes)
        known = self.records.results(suite, tree)
        return [test for test in tests if test in known and known[test].bad]

    def _apart(self, side: Side, tests: Collection[str]) -> dict[str, Outcome]:
        """Run tests one after another in a process of their own, a few in one each."""
        found: dict[str, Outcome] = {}
        for part in [[test] for test in tests] if len(tests) <= ALONE else [tests]:
            for shard in side.cut(part, 1):
                for result in self._executor.run([shard], lambda _: None):
                    found |= {outcome.test: outcome for outcome in result.outcomes}
        return found


class Side:
    """One tree and its tests.

    :param shard: everything about them but which
    """

    def __init__(self, store: Store, records: Records, shard: Shard) -> None:
        self.shard = shard
        # The same environment may serve several kinds of tests.
        kind = "" if shard.project.tests is Level.UNIT else f"{shard.project.tests} "
        self.suite = Suite(shard.component, f"{kind}{shard.environment}")
        self._store, self._records = store, records

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """The modules that tests are looked for in, with their files."""
        return test_modules(self._store.entries(self.shard.tree), self.shard.project)

    def module(self, test: str) -> str:
        """Give the module that a test is in; empty if it is in none."""
        return module_with(test, self.modules)

    def told(self, names: Collection[str]) -> str:
        """Say how much some names are."""
        modules = len(self.modules.keys() & set(names))
        counts = ((modules, "module of tests", "modules of tests"), (len(names) - modules, "test", "tests"))
        return " and ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count) or "none"

    def cut(self, names: Collection[str], width: int) -> list[Shard]:
        """Cut what is to be run into shards."""
        return cut(names, self.shard, self.modules, self._records.seconds(self.suite), width) if names else []


class _Progress:
    """Tells how far a run is, now and then."""

    def __init__(self, events: Events, subject: str, what: str) -> None:
        self._events, self._subject, self._what = events, subject, what
        self._lock = threading.Lock()
        self._told = time.monotonic()
        self.count = self._failed = 0

    def tell(self, outcome: Outcome) -> None:
        with self._lock:
            self.count += 1
            self._failed += outcome.bad
            now = time.monotonic()
            if now - self._told >= EVERY:
                self._told = now
                self._events.emit(
                    Kind.PROGRESS, self._subject, f"{self.count} have run on {self._what}, {self._failed} failed"
                )
