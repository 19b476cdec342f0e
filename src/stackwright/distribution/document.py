"""YAML text -> plain values, each with the place where it is written.

The rules are those of the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/ section 10.3), not the YAML 1.1 of
PyYAML's own loaders: ``no``, ``on``, ``1:30`` and ``2026-10-15`` are text. Three things are stricter than it: keys are
always text; a number with leading zeros (``012``) stays text, because readers disagree on its value; and ``.inf``,
``.nan`` and integers beyond 64 bits stay text, because nothing here is as large. Every plain scalar keeps its text as
written besides its value, so that what wants text can take ``2026.10`` without losing its zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import yaml

from stackwright.errors import InputError, Where, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Set
    from pathlib import Path

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
Loc: TypeAlias = "tuple[str | int, ...]"

# The one tag: a list that is added to what other files say of the same value. Only site values may have it.
APPEND = "!append"
MOST_VALUES = 100_000  # that aliases may multiply a document to
DEEPEST = 100

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML may have been built without libyaml
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
_BASED = re.compile(r"0o[0-7]{1,21}|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*|(?=[eE])))([eE][-+]?[0-9]{1,3})?")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Point:
    """A place in a file, counting from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Node:
    """A value and where it begins.

    :param content: a scalar's value, a list's items, or a map's entries
    :param text: what is written, if it is a plain (unquoted) scalar
    :param keys: where the keys of a map are
    :param size: how many values it holds, itself and repetitions through aliases counted
    :param appends: a list with the tag `APPEND`
    """

    at: Point
    content: bool | int | float | str | tuple[Node, ...] | Mapping[str, Node] | None
    text: str | None = None
    keys: Mapping[str, Point] = field(default_factory=dict)
    size: int = 1
    appends: bool = False

    def described(self) -> str:
        """Say what it is, for the end of a sentence: ``a list``, ``the number 34.0``."""
        if self.content is None:
            return "nothing"
        if isinstance(self.content, Mapping):
            return "a map"
        if isinstance(self.content, tuple):
            return "a list"
        if isinstance(self.content, str):
            return f"the text {self.content!r}" if len(self.content) <= 60 else f"the text {self.content[:60]!r}..."
        return str(self.text) if isinstance(self.content, bool) else f"the number {self.text}"


@dataclass(frozen=True)
class Document:
    """A YAML file as it was read."""

    file: Path
    root: Node

    @property
    def value(self) -> Plain:
        """The whole as plain values."""
        return self.plain()

    def plain(self, as_written: Set[Loc] = frozenset()) -> Plain:
        """Give the whole as plain values, the scalars at some places as the text that is written there."""
        return _plain(self.root, (), as_written)

    def plain_at(self, loc: Loc) -> Plain:
        """Give the plain value at a place that is there."""
        return _plain(self.node(loc), loc, frozenset())

    def where(self, loc: Loc, *, key: bool = False) -> Where:
        """Give the place of a value, or of the nearest thing around it that is there.

        :param loc: the keys and indices (from 0) that lead to it
        :param key: give the place of its key instead
        """
        path = self.path(loc)
        point = self.root.at
        node = self.root
        for step in path:
            parent, node = node, _child(node, step)
            point = parent.keys[str(step)] if key and isinstance(parent.content, Mapping) else node.at
        return Where(self.file, point.line, point.column)

    def path(self, loc: Loc) -> Loc:
        """Give the steps of a way that lead to something here; what leads nowhere is left out."""
        node, path = self.root, []
        for step in loc:
            if _leads(node, step):
                node = _child(node, step)
                path.append(step)
        return tuple(path)

    def node(self, loc: Loc) -> Node:
        """Give the value that a way leads to, or the nearest thing around it that is there."""
        node = self.root
        for step in self.path(loc):
            node = _child(node, step)
        return node

    def empty(self) -> Iterator[Loc]:
        """Give the places that have a key or a dash and nothing behind it."""
        return (loc for loc, node in self.nodes() if node.content is None and loc)

    def appending(self) -> Iterator[Loc]:
        """Give the places of the lists that are added to what other files say."""
        return (loc for loc, node in self.nodes() if node.appends)

    def nodes(self, loc: Loc = ()) -> Iterator[tuple[Loc, Node]]:
        """Give every value at and below a place that is there, with the steps that lead to it."""

        def walk(node: Node, loc: Loc) -> Iterator[tuple[Loc, Node]]:
            yield loc, node
            if isinstance(node.content, Mapping):
                for key, child in node.content.items():
                    yield from walk(child, (*loc, key))
            elif isinstance(node.content, tuple):
                for index, child in enumerate(node.content):
                    yield from walk(child, (*loc, index))

        return walk(self.node(loc), loc)


def _plain(node: Node, loc: Loc, as_written: Set[Loc]) -> Plain:
    if isinstance(node.content, Mapping):
        return {key: _plain(child, (*loc, key), as_written) for key, child in node.content.items()}
    if isinstance(node.content, tuple):
        return [_plain(child, (*loc, index), as_written) for index, child in enumerate(node.content)]
    return node.text if loc in as_written else node.content


def _leads(node: Node, step: str | int) -> bool:
    if isinstance(node.content, Mapping):
        return str(step) in node.content
    return isinstance(node.content, tuple) and isinstance(step, int) and 0 <= step < len(node.content)


def _child(node: Node, step: str | int) -> Node:
    if isinstance(node.content, Mapping):
        return node.content[str(step)]
    assert isinstance(node.content, tuple)
    assert isinstance(step, int)
    return node.content[step]


def compose(text: str, file: Path) -> tuple[Document | None, list[InputError]]:
    """Make a document of the text of a file.

    :returns: the document, if there is one, and everything that is wrong with it: a document with errors is whole but
        not to be trusted
    """
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        before = text[: unprintable.start()]
        where = Where(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        return None, [
            InputError(
                f"the character U+{ord(unprintable[0]):04X} may not be in a YAML file",
                where=where,
                fix='remove it, or write it as an escape in double quotes, such as "\\x07"',
            )
        ]
    composer = _Composer(file)
    try:
        root = composer.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        return None, [*composer.errors, _syntax_error(error, text, file)]
    except _StopError as stop:
        return None, [*composer.errors, stop.error]
    return Document(file, root), composer.errors


class _StopError(Exception):
    """A fault behind which nothing more can be read."""

    def __init__(self, error: InputError) -> None:
        self.error = error


class _Composer:
    """Makes nodes of parser events; goes on behind an error as long as there is something to go on with."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.errors: list[InputError] = []
        self._anchors: dict[str, Node] = {}

    def document(self, events: Iterator[yaml.Event]) -> Node:
        next(events)  # the stream's start
        if not isinstance(next(events), yaml.DocumentStartEvent):
            raise _StopError(InputError("the file is empty", where=Where(self.file, 1, 1)))
        root = self._node(next(events), events, 0)
        next(events)  # the document's end
        after = next(events)
        if isinstance(after, yaml.DocumentStartEvent):
            raise _StopError(
                InputError(
                    "a second document begins here",
                    where=self._where(_point(after)),
                    why="a file holds one document",
                    fix="remove the line `---` or move what follows to a file of its own",
                )
            )
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        at = _point(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, at)
        if depth > DEEPEST:
            raise _StopError(InputError(f"more than {DEEPEST} levels deep", where=self._where(at)))
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        appends = event.tag == APPEND and isinstance(event, yaml.SequenceStartEvent)
        if event.tag is not None and not appends:
            self._error(
                f"the tag {event.tag!r} is not used here",
                at,
                fix="remove it; text that looks like a number goes in quotes",
            )
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            node = Node(at, resolve(event.value), event.value) if plain else Node(at, event.value)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._list(at, events, depth, appends=appends)
        else:
            node = self._map(at, events, depth)
        if node.size > MOST_VALUES:
            raise _StopError(
                InputError(
                    f"more than {MOST_VALUES} values", where=self._where(at), why="aliases repeat what they name"
                )
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent, at: Point) -> Node:
        if event.anchor not in self._anchors:
            self._error(
                f"nothing before this is named &{event.anchor}",
                at,
                why="an alias repeats a value that ends before it",
                fix=suggestion(str(event.anchor), self._anchors),
            )
            return Node(at, None)
        return self._anchors[event.anchor]

    def _list(self, at: Point, events: Iterator[yaml.Event], depth: int, *, appends: bool) -> Node:
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
        return Node(at, tuple(items), size=1 + sum(item.size for item in items), appends=appends)

    def _map(self, at: Point, events: Iterator[yaml.Event], depth: int) -> Node:
        entries: dict[str, Node] = {}
        keys: dict[str, Point] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            point = _point(event)
            key_node = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            key = key_node.content if key_node.text is None else key_node.text
            if not isinstance(key, str):
                self._error(f"a key is text, not {key_node.described()}", point)
            elif key == "<<" and key_node.text is not None:
                self._error(
                    "merge keys are not supported",
                    point,
                    why="YAML 1.2 has none, and they hide where a value comes from",
                    fix="write the entries out, or repeat a whole map with an alias (`key: *name`)",
                )
            elif key in keys:
                self._error(
                    f"the key {key!r} is here twice",
                    point,
                    why=f"it is on line {keys[key].line} too, and only one can count",
                    fix="remove one of them",
                )
            else:
                entries[key], keys[key] = value, point
        return Node(at, entries, keys=keys, size=1 + sum(entry.size for entry in entries.values()))

    def _error(self, what: str, at: Point, *, why: str = "", fix: str = "") -> None:
        self.errors.append(InputError(what, where=self._where(at), why=why, fix=fix))

    def _where(self, at: Point) -> Where:
        return Where(self.file, at.line, at.column)


def resolve(text: str) -> bool | int | float | str | None:
    """Give the value of a plain scalar by the core schema, as the head of this module says."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _point(event: yaml.Event) -> Point:
    assert event.start_mark is not None
    return Point(event.start_mark.line + 1, event.start_mark.column + 1)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: Path) -> InputError:
    """Say in a user's words what the parser stumbled over."""
    mark = error.problem_mark
    assert mark is not None
    lines = text.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    problem = str(error.problem)
    where = Where(file, mark.line + 1, mark.column + 1)
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return InputError(
            "a tab in the indentation",
            where=Where(file, mark.line + 1, line.index("\t") + 1),
            why="YAML is indented by spaces only",
            fix="replace the tab by spaces",
        )
    if problem.startswith("mapping values are not allowed"):
        return InputError(
            "a ':' that no key can have here",
            where=where,
            why="`: ` ends a key, and this line has one already or is indented too far",
            fix="put a value that holds `: ` in quotes, or mend the indentation",
        )
    if "cannot start any token" in problem:
        return InputError(
            f"a value cannot begin with {line[mark.column : mark.column + 1]!r}", where=where, fix="put it in quotes"
        )
    if error.context == "while scanning a simple key" and error.context_mark is not None:
        start = error.context_mark
        return InputError(
            "a line that is neither `key: value` nor `- item`",
            where=Where(file, start.line + 1, start.column + 1),
            fix="put a colon and a space behind the key",
        )
    begun = ""
    if error.context and error.context_mark:
        begun = f"{error.context} that begins on line {error.context_mark.line + 1}"
    return InputError(f"this is not YAML: {problem}", where=where, why=begun)
