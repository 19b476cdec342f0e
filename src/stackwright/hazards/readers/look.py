"""What a rule looks at: the files of a tree that it names, each read and parsed once."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stackwright.hazards.model import Claim, Kind, Unseen
from stackwright.hazards.readers.python import Module, UnparsedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stackwright.store import Entry

WILD = re.compile(r"[*]")
LINK = "120000"
UNPARSED = "it does not parse"


class Paths:
    """The files of a tree, to be found by what a rule writes for them."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = entries
        self._sorted = sorted(path for path, entry in entries.items() if entry.mode.startswith("100"))

    def first(self, alternatives: Sequence[str]) -> tuple[str, ...]:
        """Give the files of the first alternative that there are any of; none if there are none of all."""
        return next(filter(None, map(self._all, alternatives)), ())

    def _all(self, words: str) -> tuple[str, ...]:
        wanted: dict[str, None] = {}
        for word in words.split():
            if word.startswith("!"):
                without = _pattern(word[1:])
                wanted = {path: None for path in wanted if not without.fullmatch(path)}
            else:
                wanted |= dict.fromkeys(self._matching(word))
        return tuple(wanted)

    def _matching(self, word: str) -> Iterator[str]:
        wild = WILD.search(word)
        if not wild:
            if word in self.entries and self.entries[word].mode != LINK:
                yield word
            return
        begin, pattern = word[: wild.start()], _pattern(word)
        for at in range(bisect_left(self._sorted, begin), len(self._sorted)):
            path = self._sorted[at]
            if not path.startswith(begin):
                return
            if pattern.fullmatch(path):
                yield path


def _pattern(word: str) -> re.Pattern[str]:
    """Give the expression for a path with wildcards: ``*`` is within a name, ``**/`` any number of folders."""
    parts = re.split(r"(\*\*/|\*\*|\*)", word)
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return re.compile("".join(meanings.get(part, re.escape(part)) for part in parts))


def fixed(words: str) -> str:
    """Give the folder below which all is that a path with wildcards means."""
    return re.split(r"[*]", words)[0].rpartition("/")[0]


@dataclass
class Look:
    """The files of a rule in a tree.

    :param files: by role
    :param kind: what is looked for
    :param contents: of those that were read
    :param parsed: modules by path, kept from one rule to the next
    :param wanted: the paths as the rule writes them, by role
    :param bound: what loops that are being gone through give to names
    :param means: what full names that are not of the tree stand for, such as those of a library
    """

    files: Mapping[str, tuple[str, ...]]
    wanted: Mapping[str, Sequence[str]]
    options: Mapping[str, str]
    entries: Mapping[str, Entry]
    contents: Mapping[str, bytes]
    kind: Kind
    parsed: dict[str, Module | None] = field(default_factory=dict)
    unseen: list[Unseen] = field(default_factory=list)
    bound: dict[str, Any] = field(default_factory=dict)
    means: Mapping[str, str] = field(default_factory=dict)

    def paths(self, role: str) -> tuple[str, ...]:
        """Give the files of a role."""
        return self.files.get(role, ())

    def text(self, path: str) -> str:
        """Give the text of a file."""
        return self.contents[path].decode("utf-8", "replace")

    def module(self, path: str) -> Module | None:
        """Give a file parsed; None, and a word about it, if it cannot be."""
        if path not in self.parsed:
            try:
                self.parsed[path] = Module(path, self.contents[path])
            except UnparsedError as error:
                self.parsed[path] = None
                self.miss(f"{UNPARSED} as Python {error.version}: {error.why}", f"{path}:{error.line}")
        elif self.parsed[path] is None:
            self.miss(UNPARSED, path)
        return self.parsed[path]

    def modules(self, role: str) -> Iterator[Module]:
        """Give those files of a role that parse."""
        for path in self.paths(role):
            module = self.module(path)
            if module:
                yield module

    def miss(self, why: str, *looked: str) -> None:
        """Say that something is not to be seen."""
        unseen = Unseen(self.kind, looked, why)
        if unseen not in self.unseen:
            self.unseen.append(unseen)

    @cached_property
    def by_name(self) -> dict[str, str]:
        """The Python files of the rule by the names that they are imported by."""
        every = [path for paths in self.files.values() for path in paths if path.endswith(".py")]
        return {dotted(path): path for path in every}

    def imported(self, name: str) -> Module | None:
        """Give the module of this name, if it is one of the rule's."""
        path = self.by_name.get(name)
        return self.module(path) if path else None


def dotted(path: str) -> str:
    """Give the name that a file is imported by."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def claim(kind: Kind, name: str, path: str, line: int, meaning: Iterable[tuple[str, str]] = ()) -> Claim:
    """Make a claim; parts of its meaning that say nothing are left out."""
    said = sorted((word, " ".join(text.split())) for word, text in meaning if text)
    return Claim(kind, name, tuple(said), path, line)
