"""What lies between two trees: the functions and files that are different, or may be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from stackwright.proof.upstream.imports import Imports
from stackwright.proof.upstream.modules import holds_tests, module_of
from stackwright.proof.upstream.records import Suite
from stackwright.proof.upstream.units import Change, Kind, Unit, difference, read
from stackwright.tools import git_grep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from stackwright.proof.upstream.model import Shard
    from stackwright.proof.upstream.records import Records
    from stackwright.store import Store, TreeId

Installed: TypeAlias = "Callable[[], frozenset[str]]"
COMMON = 50  # files that say a name, from which on it tells nothing
MOST_FILES = 400
MOST_NAMES = 400


@dataclass(frozen=True)
class Name:
    """A name that looks different.

    :param file: which binds it at its top, so that others have to name the file; empty for what objects have
    :param quiet: it lists options: what is done with it on import is told by the names of the options
    :param fresh: the file has it only now, so that no other can have meant it
    """

    name: str
    file: str = ""
    quiet: bool = False
    fresh: bool = False


class Difference:
    """What lies between two trees of a component, and what of the recorded tests it can reach.

    :param installed: the names of all functions of what is installed beside the tree
    :param changed: the files that are different
    :param changed_modules: those of them that can be imported
    :param tests: those of them that hold tests
    :param wide: files of which everything is taken for changed, and why
    :param parents: files in which tests have come or gone that others may inherit
    :param reshaped: modules that look different from outside
    :param blind: why tests of which nothing is recorded cannot be told by imports; empty if they can
    :param all: why everything has to be taken for changed; empty if not
    """

    def __init__(
        self, store: Store, records: Records, shard: Shard, installed: Installed, old: TreeId, new: TreeId
    ) -> None:
        self._store, self._project, self._installed, self._old, self._new = store, shard.project, installed, old, new
        before, after = store.entries(old), store.entries(new)
        self._after = after
        self.changed = tuple(
            sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        )
        self.changed_modules = tuple(path for path in self.changed if self._is_module(path))
        self.tests = frozenset(path for path in self.changed_modules if holds_tests(path))
        self._come_or_gone = frozenset(path for path in self.changed if (path in before) != (path in after))
        self.wide: dict[str, str] = {}
        self.parents: set[str] = set()
        self.reshaped: set[str] = set()
        self.all = self.blind = ""
        self._units: set[str] = set()
        self._marks: set[str] = set()  # what is not different itself, and tells who sees what is
        self._numbers = records.units(shard.component)
        self._shared = records.shared(Suite(shard.component, shard.environment))
        self._read: dict[str, tuple[Unit, ...] | None] = {}
        if len(self.changed) <= MOST_FILES:
            self._look()

    @cached_property
    def mask(self) -> int:
        """The functions and files that are different, a bit a unit."""
        bits = bytearray(max(self._numbers.values(), default=0) // 8 + 1)
        for unit in (self._units | self._marks) & self._numbers.keys():
            bits[self._numbers[unit] >> 3] |= 1 << (self._numbers[unit] & 7)
        return int.from_bytes(bits, "little")

    def importers(self, paths: Iterable[str]) -> frozenset[str]:
        """Give every file that imports one of these, directly or not, and themselves."""
        return self._imports.importers(paths)

    def _look(self) -> None:
        sources = [self._store.read_all(tree, self.changed_modules) for tree in (self._old, self._new)]
        names: set[Name] = set()
        gone: set[str] = set()
        for path in self.changed:
            self._units.add(path)
            if path in self._come_or_gone:
                # Who lists the folder sees it.
                parts = path.split("/")
                self._units |= {"/".join(parts[:count]) for count in range(1, len(parts))}
            if path in self.tests:
                continue
            if path in self.changed_modules:
                names |= self._module(path, difference(*(source[path] for source in sources)), gone)
            else:
                self._file(path)
        self._follow(names, gone)
        self._widen()

    def _module(self, path: str, change: Change, gone: set[str]) -> set[Name]:
        """Take a module; gives the names that look different."""
        self._units |= {f"{path}:{name}" for name in change.functions}
        if change.all:
            self.wide[path] = change.all
        if any(method.rpartition(".")[2].startswith("test") for method in change.methods):
            self.parents.add(path)
        names = {Name(name) for name in change.names}
        names |= {Name(name, path, name in change.options, name in change.fresh) for name in change.local}
        for member in change.methods | change.attributes:
            owner, _, last = member.rpartition(".")
            common = self._is_common(last)
            if common or member in change.attributes or last in self._installed():
                names |= self._class(path, owner)
            if not common:
                names.add(Name(last))
        gone |= change.gone
        if path in self._come_or_gone:
            last = module_of(path, self._project.top).rpartition(".")[2]
            names.add(Name(last))
            gone |= set() if path in self._after else {last}
        if names or change.all:
            self.reshaped.add(path)
        return names

    def _class(self, path: str, name: str) -> set[Name]:
        """Take a class for changed: whoever has an object of it runs a function of it, or says its name."""
        self._marks |= {unit for unit in self._numbers if unit.startswith(f"{path}:{name}.")}
        return {Name(name.rpartition(".")[2])}

    def _file(self, path: str) -> None:
        """Take a file that is no module: who read it is known, and who says its name may do so."""
        name = path.rpartition("/")[2]
        saying = self._saying([name])
        self.wide |= dict.fromkeys(saying, f"it says {name}, which has changed")
        if not saying and path.partition("/")[0] in self._project.packages:
            self.blind = self.blind or f"who reads {path} cannot be told"

    def _follow(self, names: set[Name], gone: set[str]) -> None:
        """Follow names to what says them."""
        followed: set[Name] = set()
        while fresh := names - followed:
            followed |= fresh
            everywhere = frozenset(one.name for one in fresh if not one.file)
            files = self._saying(everywhere) if everywhere else []
            if len(files) > MOST_FILES or len(followed) > MOST_NAMES:
                self.all = f"{len(files)} files say {', '.join(sorted(everywhere)[:3])}"
                return
            for path in files:
                names |= self._take(path, everywhere, gone)
            for one in fresh:
                if one.file:
                    names |= self._take(one.file, frozenset({one.name}), gone, quiet=one.quiet)
                for path in self._imports.direct(one.file) if one.file and not one.fresh else ():
                    names |= self._take(path, frozenset({one.name}), gone, quiet=one.quiet, of=one.file)

    def _take(
        self, path: str, wanted: frozenset[str], gone: set[str], *, quiet: bool = False, of: str = ""
    ) -> set[Name]:
        """Take everything in a file that says one of these names for changed; gives the names that this changes.

        :param of: the names are those of another file: what says them has to say that file's name, too
        """
        found: set[Name] = set()
        units = self._units_of(path)
        if units is None:
            self.wide.setdefault(path, "it cannot be read")
        for unit in (units or ()) if not of else self._meaning(units or (), wanted, of):
            # An option says its own name; and a class its own, for what it has itself.
            said = wanted & unit.says - {name for name, _ in unit.options}
            if wanted & unit.says_inside or (said and unit.kind is Kind.FUNCTION):
                itself = not said and wanted & unit.says_inside <= set(unit.name.split("."))
                (self._marks if quiet or itself else self._units).add(f"{path}:{unit.name}")
            if not said:
                continue
            if said & gone or unit.looked_at or (unit.kind is Kind.OTHER and not quiet):
                self.wide.setdefault(path, f"{unit.name or 'a statement'} says {', '.join(sorted(said))} on import")
            owner = unit.name.rpartition(".")[0]
            if unit.kind is Kind.CLASS:
                found |= self._class(path, unit.name)
            elif unit.kind is Kind.BINDING:
                found |= (
                    self._class(path, owner) if owner else {Name(name, path, quiet) for name in unit.binds - wanted}
                )
        return found

    def _meaning(self, units: tuple[Unit, ...], wanted: frozenset[str], of: str) -> tuple[Unit, ...]:
        """Give those of some units that mean names of another file: by its name, or one that it is imported under."""
        module = module_of(of, self._project.top).rpartition(".")[2]
        naming = [unit for unit in units if unit.kind is Kind.BINDING and unit.imports and module in unit.says]
        if any(wanted & unit.says for unit in naming):
            return units
        known = {module}.union(*(unit.binds for unit in naming))
        return tuple(unit for unit in units if known & (unit.says | unit.says_inside) or unit.kind is Kind.OTHER)

    def _widen(self) -> None:
        """Take what was run for all tests at once, or is imported nobody knows how, for changed as a whole."""
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

    def _is_named(self, path: str) -> bool:
        """Tell whether all who import a module say its name: not if an entry point does, or nobody."""
        module = module_of(path, self._project.top)
        entered = (line.partition("=")[2].partition(":")[0].strip() for line in self._project.entry_points.splitlines())
        return holds_tests(path) or (bool(self._imports.direct(path)) and module not in entered)

    def _is_common(self, name: str) -> bool:
        return len(self._saying([name])) > COMMON

    def _saying(self, names: Collection[str]) -> list[str]:
        """Give the modules whose text says one of these words."""
        found = git_grep.files_with(self._store.directory, self._new, sorted(names), ".py")
        return [path for path in found if self._is_module(path)]

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
