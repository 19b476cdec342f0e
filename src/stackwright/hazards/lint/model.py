"""What lint looks at, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.hazards.collisions import claimed
from stackwright.hazards.readers.look import Look
from stackwright.hazards.readers.python import Module, UnparsedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from stackwright.hazards.collisions_base import Change, Ours
    from stackwright.hazards.hazard import Hazard
    from stackwright.hazards.model import Claims, Kind
    from stackwright.hazards.readers.look import Paths
    from stackwright.hazards.rulebook import Rule, Rules
    from stackwright.patches.model import Patch


@dataclass(frozen=True)
class Edit:
    """A file that is to be written.

    :param change: gives its new content of the one that it has (None: there is no such file)
    """

    path: str
    change: Callable[[bytes | None], bytes]


@dataclass(frozen=True)
class Finding:
    """Something that a patch leaves undone.

    :param edits: what mends it; none where a person has to
    :param by_hand: why a person has to
    """

    hazard: Hazard
    edits: tuple[Edit, ...] = ()
    by_hand: str = ""


@dataclass(frozen=True)
class View:
    """A tree: what it claims, and its files.

    :param read_all: gives the contents of files, None for one that is not there
    """

    claims: Claims
    paths: Paths
    read_all: Callable[[Iterable[str]], Mapping[str, bytes | None]]
    _known: dict[str, bytes | None] = field(default_factory=dict)
    _parsed: dict[str, Module | None] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        """Give the content of a file."""
        if path not in self._known:
            self._known[path] = self.read_all([path])[path]
        return self._known[path]

    def text(self, path: str) -> str:
        """Give the text of a file; empty if there is none."""
        return text_of(self.read(path))

    def module(self, path: str) -> Module | None:
        """Give a file parsed; None if there is none, or it cannot be."""
        if path not in self._parsed:
            content = self.read(path)
            try:
                self._parsed[path] = None if content is None else Module(path, content)
            except UnparsedError:
                self._parsed[path] = None  # `hazard check` tells so
        return self._parsed[path]

    def look(self, rule: Rule, kind: Kind) -> Look:
        """Give the files of a rule, read."""
        files = {role: self.paths.first(words) for role, words in rule.files.items()}
        contents = {path: self.read(path) or b"" for some in files.values() for path in some}
        return Look(files, rule.files, rule.options, self.paths.entries, contents, kind)


@dataclass(frozen=True)
class Subject:
    """A patch, with the trees before and after it."""

    ours: Ours
    patch: Patch
    rules: Rules
    before: View
    after: View

    @cached_property
    def made(self) -> list[Change]:
        """What it adds and changes."""
        return claimed(self.ours)

    @property
    def tree(self) -> str:
        """The name of the tree, for a person."""
        return f"{self.ours.component} {self.ours.release}"

    def rules_with(self, reader: str) -> Iterator[Rule]:
        """Give the rules that have a reader."""
        return (rule for rule in self.rules.claims if rule.reader == reader)


def text_of(content: bytes | None) -> str:
    """Give the text of a file; what is not UTF-8 comes through unharmed."""
    return (content or b"").decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """Give what `text_of` was made of."""
    return text.encode("utf-8", "surrogateescape")


def line_of(text: str, at: int) -> int:
    """Give the line that a place of a text is in, from 1."""
    return text.count("\n", 0, at) + 1
