"""What lies between two trees: the functions and files that are different, or may be."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from stackwright.proof.upstream.imports import Imports
from stackwright.proof.upstream.modules import is_below_tests, is_test_module, module_of
from stackwright.proof.upstream.records import Suite
from stackwright.proof.upstream.units import Change, Kind, Unit, difference, read
from stackwright.tools import git_grep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from stackwright.proof.upstream.model import Shard
    from stackwright.proof.upstream.records import Records
    from stackwright.store import Store, TreeId

Installed: TypeAlias = "Callable[[], frozenset[str]]"
COMMON = 50  # files
MOST_FILES = 400
MOST_NAMES = 400
# Followed everywhere: who has an object of a class need not name the module of the class.
ANYWHERE = ""


class Difference:
    """What lies between two trees of a component, and what of the recorded tests it can reach.

    :param installed: the names of all functions of what is installed beside the tree
    :param changed: the files that are different
    :param changed_modules: those of them that can be imported
    :param wide: files of which everything is taken for changed, and why
    :param parents: files below the tests in which tests have come or gone: others may inherit them
    :param reshaped: modules that look different from outside
    :param blind: why tests of which nothing is recorded cannot be told by imports; empty if they can
    :param all: why everything has to be taken for changed; empty if not
    """

    def __init__(
        self, store: Store, records: Records, shard: Shard, installed: Installed, old: TreeId, new: TreeId
    ) -> None:
        project = shard.project
        self._installed = installed
        self._store, self._project, self._old, self._new = store, project, old, new
        before, after = store.entries(old), store.entries(new)
        self._after = after
        paths = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        self.changed = tuple(paths)
        self.changed_modules = tuple(path for path in paths if self._is_module(path))
        self._come_or_gone = frozenset(path for path in paths if (path in before) != (path in after))
        self.wide: dict[str, str] = {}
        self.parents: set[str] = set()
        self.reshaped: set[str] = set()
        self.all = self.blind = ""
        self._units: set[str] = set()
        self._numbers = records.units(shard.component)
        self._shared = records.shared(Suite(shard.component, shard.environment))
        self._seen_files = frozenset(unit.partition(":")[0] for unit in self._numbers)
        self._read: dict[str, tuple[Unit, ...] | None] = {}
        if len(self.changed) <= MOST_FILES:
            self._look()

    @cached_property
    def mask(self) -> int:
        """The functions and files that are different, a bit a unit."""
        bits = bytearray(max(self._numbers.values(), default=0) // 8 + 1)
        for unit in self._units & self._numbers.keys():
            bits[self._numbers[unit] >> 3] |= 1 << (self._numbers[unit] & 7)
        return int.from_bytes(bits, "little")

    def importers(self, paths: Iterable[str]) -> frozenset[str]:
        """Give every file that imports one of these, directly or not, and themselves."""
        return self._imports.importers(paths)

    def _look(self) -> None:
        sources = [self._store.read_all(tree, self.changed_modules) for tree in (self._old, self._new)]
        names: set[tuple[str, str]] = set()
        gone: set[str] = set()
        for path in self.changed:
            if self._is_module(path):
                change = difference(*(source[path] for source in sources))
                self._module(path, change)
                called = self._called(change)
                for name in change.classes | {method.rpartition(".")[0] for method in called}:
                    names.add((ANYWHERE, name.rpartition(".")[2]))
                    self._units |= self._in_class(path, name)
                common = {name for method in called if self._is_common(name := method.rpartition(".")[2])}
                names |= {(path, name) for name in change.local}
                names |= {(ANYWHERE, name) for name in change.names - common}
                gone |= change.gone
                if path in self._come_or_gone:
                    name = module_of(path, self._project.top).rpartition(".")[2]
                    names.add((ANYWHERE, name))
                    gone |= set() if path in self._after else {name}
            else:
                self._file(path)
        self._follow(names, gone)
        for unit in self._units & self._numbers.keys():
            path, _, function = unit.partition(":")
            if self._shared >> self._numbers[unit] & 1:
                if function:
                    self.wide.setdefault(path, f"{function} runs on import, or leaves something for others")
                else:
                    self.all = self.all or f"{path} is read while modules are imported"
        for path in self.changed_modules:
            if path not in self._come_or_gone and not self._is_named(path):
                self.blind = self.blind or f"who imports {path} cannot be told"
                if path in self.wide:
                    self.all = self.all or f"{path}: {self.wide[path]}, and who imports it cannot be told"

    def _module(self, path: str, change: Change) -> None:
        self._units |= {f"{path}:{name}" for name in change.functions} | {path}
        self._listed(path)
        if change.all:
            self.wide[path] = change.all
        elif path not in self._seen_files and path not in self._come_or_gone:
            self.wide[path] = "nobody has seen it run"
        if change.tests and is_below_tests(path, self._project):
            self.parents.add(path)
        if change.local or change.names or change.all:
            self.reshaped.add(path)

    def _listed(self, path: str) -> None:
        """Take the folders that a file has come into or gone from: who lists them sees it."""
        if path in self._come_or_gone:
            parts = path.split("/")
            self._units |= {"/".join(parts[:count]) for count in range(1, len(parts))}

    def _called(self, change: Change) -> frozenset[str]:
        """Give the methods come or gone that what is installed may call, by a name that it has too."""
        return frozenset(method for method in change.methods if method.rpartition(".")[2] in self._installed())

    def _is_common(self, name: str) -> bool:
        """Tell whether so many say a name that it tells nothing: what has an object of the class is taken alone."""
        return len(self._saying([name])) > COMMON

    def _in_class(self, path: str, name: str) -> frozenset[str]:
        """Give the functions of a class, as far as they have been seen."""
        return frozenset(unit for unit in self._numbers if unit.startswith(f"{path}:{name}."))

    def _file(self, path: str) -> None:
        """Take a file that is no module: who read it is known, and who says its name may do so."""
        self._units.add(path)
        self._listed(path)
        name = path.rpartition("/")[2]
        saying = self._saying([name])
        self.wide |= dict.fromkeys(saying, f"it says {name}, which has changed")
        if not saying and path.partition("/")[0] in self._project.packages:
            self.blind = self.blind or f"who reads {path} cannot be told"

    def _follow(self, names: set[tuple[str, str]], gone: set[str]) -> None:
        """Follow names to what says them.

        :param names: each with the file that binds it, or ANYWHERE
        """
        followed: set[tuple[str, str]] = set()
        while fresh := names - followed:
            followed |= fresh
            everywhere = frozenset(name for file, name in fresh if file == ANYWHERE)
            files = self._saying(everywhere) if everywhere else []
            if len(files) > MOST_FILES or len(followed) > MOST_NAMES:
                self.all = f"{len(files)} files say {', '.join(sorted(everywhere)[:3])}"
                return
            for path in files:
                self._take(path, everywhere, gone, names)
            for file, name in fresh:
                if file != ANYWHERE:
                    for path in {file, *self._imports.direct(file)}:
                        self._take(path, frozenset({name}), gone, names)

    def _saying(self, names: Collection[str]) -> list[str]:
        """Give the modules whose text says one of these words."""
        found = git_grep.files_with(self._store.directory, self._new, sorted(names), ".py")
        return [path for path in found if self._is_module(path)]

    def _take(self, path: str, wanted: frozenset[str], gone: set[str], names: set[tuple[str, str]]) -> None:
        """Take everything in a file that says one of these names for changed."""
        units = self._units_of(path)
        if units is None:
            self.wide.setdefault(path, "it cannot be read")
            return
        for unit in units:
            if wanted & unit.says_inside:
                self._units.add(f"{path}:{unit.name}")
            said = wanted & unit.says
            if not said:
                continue
            if unit.kind is Kind.FUNCTION:
                self._units.add(f"{path}:{unit.name}")
            elif unit.kind is Kind.CLASS:
                self._units |= self._in_class(path, unit.name)
            if unit.kind is Kind.OTHER or unit.looked_at or said & gone:
                self.wide.setdefault(path, f"{unit.name or 'a statement'} says {', '.join(sorted(said))} on import")
            elsewhere = unit.kind is Kind.CLASS or "." in unit.name
            names |= {(ANYWHERE if elsewhere else path, name) for name in unit.binds}

    def _units_of(self, path: str) -> tuple[Unit, ...] | None:
        if path not in self._read:
            try:
                self._read[path] = read(self._store.read(self._new, path) or b"")
            except (SyntaxError, ValueError):
                self._read[path] = None
        return self._read[path]

    @cached_property
    def _imports(self) -> Imports:
        contents = self._store.read_all(self._new, [path for path in self._after if self._is_module(path)])
        texts = {path: (content or b"").decode("utf-8", "replace") for path, content in contents.items()}
        return Imports(texts, self._project.top)

    def _is_module(self, path: str) -> bool:
        above = "" if self._project.top == "." else f"{self._project.top}/"
        inside = path.removeprefix(above)
        return path.startswith(above) and path.endswith(".py") and inside.partition("/")[0] in self._project.packages

    def _is_named(self, path: str) -> bool:
        """Tell whether all who import a module say its name: not if an entry point does, or nobody."""
        module = module_of(path, self._project.top)
        entered = (line.partition("=")[2].partition(":")[0].strip() for line in self._project.entry_points.splitlines())
        return is_test_module(path, self._project) or (bool(self._imports.direct(path)) and module not in entered)
