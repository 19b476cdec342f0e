"""Prove a component's series by upstream's unit tests."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from stackwright.build.cache import ArtifactCache
from stackwright.build.version import patched_version
from stackwright.build.workshop import Workshop
from stackwright.errors import InputError, Where
from stackwright.patches import apply, read_series
from stackwright.proof.upstream.affected import Selector
from stackwright.proof.upstream.bench import Bench
from stackwright.proof.upstream.blame import Failure, Kind, judge
from stackwright.proof.upstream.environment import environment_of, installed_functions
from stackwright.proof.upstream.model import TIMEOUT, Level
from stackwright.proof.upstream.place import Place
from stackwright.proof.upstream.pool import Here
from stackwright.proof.upstream.project import read_project
from stackwright.proof.upstream.records import Records
from stackwright.sources import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from stackwright.distribution import Component, Distribution, Release
    from stackwright.events import Events
    from stackwright.proof.upstream.model import Outcome, Project
    from stackwright.proof.upstream.pool import Executor
    from stackwright.store import Memo, Store, TreeId

FOLDER = "upstream-tests"  # in the cache


class Trees(StrEnum):
    """On which trees of a series tests are run."""

    FIND = "find"  # the last; and those that it takes to find the first bad patch
    EACH = "each"
    LAST = "last"
    NONE = "none"


@dataclass(frozen=True)
class Ask:
    """What is to be run.

    :param trees: on which trees of the series
    :param all: all tests; else those that the patches can reach
    :param matching: a regular expression: all tests for whose ids it matches somewhere, as stestr has it
    :param timeout: seconds that one test may take
    :param tests: which of the project's
    """

    trees: Trees = Trees.FIND
    all: bool = False
    matching: re.Pattern[str] | None = None
    timeout: float = TIMEOUT
    tests: Level = Level.UNIT


@dataclass(frozen=True)
class Proof:
    """What came of it.

    :param patches: the names of the series' patches
    :param tree: that with all patches
    :param environment: key of the environment that its tests ran in; empty if none were to be run
    :param chosen: what was to be run after so many patches: ids of tests, and names of modules
    :param why: why all tests were chosen, where fewer were asked for
    :param outcomes: of the tests that were run, or had been before, on the last tree
    :param ran: how many were run now
    """

    component: str
    release: str
    patches: tuple[str, ...]
    tree: TreeId
    environment: str
    chosen: Mapping[int, frozenset[str]]
    why: str
    outcomes: tuple[Outcome, ...]
    failures: tuple[Failure, ...]
    ran: int

    @property
    def regressions(self) -> tuple[Failure, ...]:
        """What patches have broken."""
        return tuple(one for one in self.failures if one.kind is Kind.REGRESSION)


@dataclass(frozen=True)
class Carried:
    """A component with its series.

    :param version: upstream's
    :param patches: the names of the series' patches
    :param trees: upstream's, and that after each patch
    """

    version: str
    patches: tuple[str, ...]
    trees: tuple[TreeId, ...]


def carry(distribution: Distribution, release: Release, component: Component, workshop: Workshop) -> Carried:
    """Apply a component's series.

    :raises PatchConflictError: it does not apply
    :raises InputError: a source or a series is wrong
    :raises EnvironmentLacksError: a source cannot be reached
    """
    store, memo = workshop.store, workshop.memo
    series = read_series(distribution.series_directory(component.name, release.name))
    cache = workshop.artifacts.directory
    source = resolve([component], release, store=store, memo=memo, cache=cache, events=workshop.events)[component.name]
    trees = (source.tree, *apply(store, source.tree, series, memo=memo).trees)
    return Carried(source.version, tuple(patch.name for patch in series.patches), trees)


def what_tree(count: int, patches: int) -> str:
    """Name the tree after so many patches of a series, for a person."""
    return f"upstream's tree and {count} of {patches} patches" if count else "upstream's tree"


def prove(
    distribution: Distribution,
    release: Release,
    component: Component,
    ask: Ask,
    *,
    scheduler: str = "",
    store: Store,
    memo: Memo,
    cache: Path,
    logs: Path,
    events: Events,
) -> Proof:
    """Run upstream's tests on a component with its patches.

    :param scheduler: address of a Dask scheduler whose workers are to run them; empty: this machine
    :param cache: the cache of downloads, artifacts and results
    :param logs: a folder for what the making of environments says
    :raises PatchConflictError: the series does not apply
    :raises InputError: a source or a series is wrong, there is nothing to run, or no versions fit
    :raises EnvironmentLacksError: a source or a worker cannot be reached, or an environment cannot be made here
    """
    workshop = Workshop(store, memo, ArtifactCache(cache), events, logs)
    carried = carry(distribution, release, component, workshop)
    version = patched_version(carried.version, len(carried.patches))

    def setting(tree: TreeId) -> tuple[Project, str]:
        project, requirements = read_project(
            store, tree, component.name, component.distribution_name, version, release.python, ask.tests
        )
        return project, environment_of(distribution, release, component.name, requirements, workshop)

    with ExitStack() as stack:
        if scheduler:
            from stackwright.proof.upstream.cluster import Cluster  # its imports take half a second

            executor: Executor = stack.enter_context(Cluster(scheduler, store, workshop.artifacts))
        else:
            executor = Here(stack.enter_context(Place(store, workshop.artifacts, cache / FOLDER / "compiled")))
        bench = Bench(
            component.name, release.name, setting, store=store, records=Records(cache / FOLDER),
            executor=executor, events=events, timeout=ask.timeout,
        )  # fmt: skip
        installed = partial(installed_functions, workshop=workshop)
        return _Proving(bench, carried.trees, carried.patches, ask, installed).proof()


class _Proving:
    """One proof under way.

    :param trees: upstream's, and that after each patch
    :param installed: gives the names of all functions of what is installed in an environment
    """

    def __init__(
        self,
        bench: Bench,
        trees: tuple[TreeId, ...],
        patches: tuple[str, ...],
        ask: Ask,
        installed: Callable[[str], frozenset[str]],
    ) -> None:
        self._installed = installed
        self._bench, self._trees, self._patches, self._ask = bench, trees, patches, ask
        self._why = ""
        self._selectors: dict[int, Selector] = {}

    def proof(self) -> Proof:
        """Choose tests, run them, and judge."""
        last = len(self._patches)
        each = self._ask.trees is Trees.EACH
        counts = range(1, last + 1) if each and last else [last]
        chosen = {count: self._chosen(count - 1 if each and last else 0, count) for count in counts}
        if self._ask.trees is Trees.NONE:
            return self._made(chosen, {}, ())
        seen = {count: self._seen(count, names) for count, names in chosen.items() if names}
        find = self._ask.trees is not Trees.LAST
        return self._made(chosen, seen, judge(seen, self._patches, self._failing, find=find))

    def _chosen(self, before: int, after: int) -> frozenset[str]:
        tree = self._trees[after]
        if self._ask.matching is not None:
            tests = frozenset(test for test in self._bench.list(tree) if self._ask.matching.search(test))
            if not tests:
                raise self._no_match(tree)
            return tests
        if self._ask.all:
            return frozenset(self._modules(after))
        if not self._patches:
            raise InputError(
                f"{self._bench.component} has no patches in {self._bench.release} that could have broken a test",
                where=self._where,
                fix="--all runs all of its tests",
            )
        installed = partial(self._installed, self._bench.side(tree).shard.environment)
        self._selectors[after] = Selector(self._bench, self._trees[before], tree, installed)
        selection = self._selectors[after].select()
        self._why = self._why or selection.all
        if not selection.all:
            self._selectors[after].carry(selection.names)
        return selection.names

    def _seen(self, count: int, names: frozenset[str]) -> Mapping[str, Outcome]:
        """Run tests; where a module cannot be imported, also those that import what may be to blame."""
        outcomes = self._run(count, names)
        broken = [test for test, outcome in outcomes.items() if outcome.bad and test in self._modules(count)]
        if broken and count in self._selectors:
            return self._run(count, names | self._selectors[count].importing())
        return outcomes

    def _modules(self, count: int) -> Collection[str]:
        return self._bench.side(self._trees[count]).modules

    def _run(self, count: int, names: Collection[str]) -> Mapping[str, Outcome]:
        return self._bench.run(self._trees[count], names, what_tree(count, len(self._patches)))

    def _failing(self, count: int, tests: Collection[str]) -> Collection[str]:
        outcomes = self._run(count, tests)
        bad = [test for test in tests if test in outcomes and outcomes[test].bad]
        if count == 0:
            bad += self._bench.fail_apart(self._trees[0], [test for test in tests if test not in bad])
        return bad

    def _made(
        self,
        chosen: Mapping[int, frozenset[str]],
        seen: Mapping[int, Mapping[str, Outcome]],
        failures: tuple[Failure, ...],
    ) -> Proof:
        outcomes = seen[max(seen)] if seen else {}
        tree = self._trees[-1]
        return Proof(
            self._bench.component,
            self._bench.release,
            self._patches,
            tree,
            self._bench.side(tree).shard.environment if seen else "",
            chosen,
            self._why,
            tuple(outcomes[test] for test in sorted(outcomes)),
            failures,
            self._bench.ran,
        )

    def _no_match(self, tree: TreeId) -> InputError:
        assert self._ask.matching is not None
        modules = sorted({self._bench.side(tree).module(test) or test for test in self._bench.list(tree)})
        return InputError(
            f"no test of {self._bench.component} matches {self._ask.matching.pattern!r}",
            where=self._where,
            why=f"its tests are in {len(modules)} modules, such as {', '.join(modules[:3])}",
            fix="give a regular expression that is found in the ids of tests (MODULE.CLASS.TEST)",
        )

    @property
    def _where(self) -> Where:
        return Where(subject=f"{self._bench.component} {self._bench.release}")
