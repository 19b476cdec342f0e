"""The tests that a change can reach.

What each test reached when it last ran is known by function and by file. A test is left out if nothing that it reached
has changed. A change that no function's body holds is told by names: whatever says the name of a thing that looks
different, is new or is gone, is taken to be changed itself, and what a statement binds that says it is taken to look
different. Where even that is not known (a statement that runs on import, a class that a metaclass may look at, a
function that left something for others), every test whose module imports the file is run, by the import graph; so is
every test of which nothing is recorded.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.proof.upstream.difference import MOST_FILES, Difference
from stackwright.proof.upstream.modules import above, test_modules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from stackwright.proof.upstream.bench import Bench
    from stackwright.proof.upstream.difference import Installed
    from stackwright.store import TreeId

# Files that say how all tests are run.
SETTINGS = frozenset({"tox.ini", ".stestr.conf", "setup.cfg", "pyproject.toml", "setup.py"})


@dataclass(frozen=True)
class Selection:
    """The tests that a change can reach.

    :param names: ids of tests, and names of modules of which all tests are meant
    :param all: why all tests are meant; empty if not all are
    """

    names: frozenset[str]
    all: str = ""


class Selector:
    """Selects tests of one component, by what was recorded in the environment of the new tree.

    :param installed: gives the names of all functions of what is installed in that environment
    """

    def __init__(self, bench: Bench, old: TreeId, new: TreeId, installed: Installed) -> None:
        self._installed = installed
        self._bench, self._old, self._new = bench, old, new
        self._side = bench.side(new)
        self._differences: dict[tuple[TreeId, TreeId], Difference] = {}
        self._change = self._difference(old, new)

    def select(self) -> Selection:
        """Find the tests that what lies between the trees can reach."""
        everything = frozenset(self._side.modules)
        changed = self._change.changed
        settings = [path for path in changed if path in SETTINGS]
        if settings or self._bench.side(self._old).suite != self._side.suite:
            return Selection(everything, f"{settings[0]} has changed" if settings else "the requirements have changed")
        if not changed:
            return Selection(frozenset())
        names: set[str] = set()
        for tree, recorded in self._recorded.items():
            # What lies between here and there counts too: a test that it reaches may go another way today.
            for one, other in {(self._old, tree), (tree, self._new)}:
                change = self._difference(one, other)
                names |= self._reached(change, recorded)
                if change.all:
                    return Selection(everything, change.all)
        unknown = everything - self._bench.records.known(self._side.suite)
        if unknown:
            names |= unknown if self._change.blind or self._change.all else self.importing() & unknown
        return Selection(self._without_parts(names | self._own(self._change)))

    def carry(self, names: Collection[str]) -> None:
        """Take results over from the trees that tests ran on last, where nothing that they reach differs from them."""
        records, suite = self._bench.records, self._side.suite
        trees: dict[str, set[TreeId]] = defaultdict(set)
        for tree, recorded in self._recorded.items():
            for test, _ in recorded:
                trees[test].add(tree)
                trees[self._side.module(test)].add(tree)
        for tree, recorded in self._recorded.items():
            change = self._difference(tree, self._new)
            if tree == self._new or change.all or not SETTINGS.isdisjoint(change.changed):
                continue
            reached = self._reached(change, recorded) | self._own(change)
            modules = {self._side.module(name) for name in reached}
            asked = records.asked(suite, tree)
            records.carry(
                suite,
                tree,
                self._new,
                {
                    name
                    for name in names
                    if trees[name] == {tree}
                    and not asked.isdisjoint(above(name))
                    and (name not in modules if name in self._side.modules else reached.isdisjoint(above(name)))
                },
            )

    def importing(self) -> frozenset[str]:
        """Give the test modules that import anything that has changed, or that says what has."""
        return self._modules_of(self._change.importers((*self._change.changed_modules, *self._change.wide)))

    @cached_property
    def _recorded(self) -> Mapping[TreeId, list[tuple[str, int | None]]]:
        found: dict[TreeId, list[tuple[str, int | None]]] = defaultdict(list)
        for one in self._bench.records.reach(self._side.suite):
            if self._side.module(one.test):
                found[one.tree].append((one.test, one.units))
        return found

    def _difference(self, old: TreeId, new: TreeId) -> Difference:
        """Give what lies between two trees, looked at once."""
        if (old, new) not in self._differences:
            self._differences[old, new] = Difference(
                self._bench.store, self._bench.records, self._side.shard, self._installed, old, new
            )
        return self._differences[old, new]

    def _reached(self, change: Difference, recorded: Iterable[tuple[str, int | None]]) -> frozenset[str]:
        """Give those of some tests that a change can reach, and the modules of which more may be reached."""
        if len(change.changed) > MOST_FILES:
            return frozenset(self._side.module(test) for test, _ in recorded)
        wide = self._modules_of(change.importers(change.wide)) if change.wide else frozenset()
        unseen = [test for test, units in recorded if units is None]
        unseen_in = self._modules_of(change.importers((*change.changed_modules, *change.wide))) if unseen else ()
        found = {test for test, units in recorded if units is not None and units & change.mask}
        found |= {test for test in unseen if self._side.module(test) in unseen_in}
        return frozenset(found | wide)

    def _own(self, change: Difference) -> frozenset[str]:
        """Give the test modules that have changed, with those that have tests of theirs, and who imports what changed.

        One module of tests for each other file is enough to see that it can be imported.
        """
        found = self._modules_of(change.importers(change.tests | change.parents))
        return found | frozenset(
            min(modules)
            for path in change.reshaped
            if (modules := self._modules_of(change.importers([path]))) and not modules & found
        )

    def _modules_of(self, paths: Iterable[str]) -> frozenset[str]:
        return frozenset(test_modules(paths, self._side.shard.project)) & frozenset(self._side.modules)

    def _without_parts(self, names: set[str]) -> frozenset[str]:
        """Leave out the tests of modules that are meant as a whole."""
        return frozenset(name for name in names if name in self._side.modules or self._side.module(name) not in names)
