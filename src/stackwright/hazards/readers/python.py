"""A Python file, parsed and never run: what its names stand for, as far as that can be told without running it."""

from __future__ import annotations

import ast
import hashlib
import sys
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEEPEST = 12  # names that stand for names
ADDS = ("extend", "append", "insert")
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


class UnparsedError(Exception):
    """A file is not of the running Python's language."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why
        self.version = RUNNING


class UnknownError(Exception):
    """A value cannot be told without running the code."""


class Module:
    """A file and the names in it.

    :raises UnparsedError: the running Python cannot parse it
    """

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # such as of "\d" in a text: not ours to mend
                self.tree = ast.parse(content)
        except SyntaxError as error:
            raise UnparsedError(error.lineno or 1, str(error.msg)) from error
        except (ValueError, RecursionError, MemoryError) as error:
            raise UnparsedError(1, str(error) or "it is too deep") from error

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Every call in it, in the order of the lines."""
        found = [node for node in self._nodes if isinstance(node, ast.Call)]
        return sorted(found, key=lambda call: (call.lineno, call.col_offset))

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def all(self, *types: type[ast.AST]) -> Iterator[Any]:
        """Give every node of some types."""
        return (node for node in self._nodes if isinstance(node, types))

    @cached_property
    def assigned(self) -> dict[str, ast.expr]:
        """What each name is given: at the top of the module, else anywhere in it, the first of each."""
        top: dict[str, ast.expr] = {}
        for name, value in _assignments(self.tree.body):
            top.setdefault(name, value)
        for node in self._nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                for name, value in _assignments([node]):
                    top.setdefault(name, value)
        return top

    @cached_property
    def given(self) -> dict[str, list[ast.expr]]:
        """All that each name is given: its values, what is added to it, and what a loop gives it."""
        found: dict[str, list[ast.expr]] = {}
        for node in self._nodes:
            name, value = _gift(node)
            if name and value is not None:
                found.setdefault(name, []).append(value)
        return found

    @cached_property
    def top(self) -> dict[str, ast.expr]:
        """What names are given at the top of the module, the last of each."""
        return dict(_assignments(self.tree.body))

    @cached_property
    def imports(self) -> dict[str, str]:
        """What each imported name stands for, as a dotted name."""
        found: dict[str, str] = {}
        for node in self._nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{self._from(node)}.{alias.name}"
        return found

    def _from(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        folders = self.path.split("/")[: -node.level]
        return ".".join([*folders, *([node.module] if node.module else [])])

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """The functions at the top of the module."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes at the top of the module."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}


def _assignments(body: Sequence[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for part, value in zip(target.elts, node.value.elts, strict=False):
                        if isinstance(part, ast.Name):
                            yield part.id, value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _gift(node: ast.AST) -> tuple[str, ast.expr | None]:
    """Give the name that a statement or call gives something to, and what."""
    target: ast.expr | None = None
    value: ast.expr | None = None
    if isinstance(node, ast.Assign):
        target, value = node.targets[0], node.value
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        target, value = node.target, node.value
    elif isinstance(node, ast.For):
        target, value = node.target, node.iter
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ADDS and node.args:
        target, value = node.func.value, node.args[-1]
    return (target.id if isinstance(target, ast.Name) else ""), value


@dataclass(frozen=True)
class Point:
    """An expression, and the module that it stands in."""

    module: Module
    node: ast.expr


def source(node: ast.expr) -> str:
    """Give an expression as source text, always the same for the same code."""
    try:
        return ast.unparse(node)
    except RecursionError:
        parts = " ".join(f"{type(part).__name__} {_leaf(part)}" for part in ast.walk(node))
        return f"a deep expression, {hashlib.sha256(parts.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _leaf(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return repr(node.value)
    return next((str(getattr(node, name)) for name in ("id", "attr", "arg") if hasattr(node, name)), "")


def called(call: ast.Call) -> str:
    """Give the last part of the name of what is called."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def chain(node: ast.expr) -> list[str] | None:
    """Give the parts of a dotted name; None for another expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return [node.id, *reversed(parts)]


def keyword(call: ast.Call, name: str, place: int | None = None) -> ast.expr | None:
    """Give an argument by its name, or by its place."""
    for word in call.keywords:
        if word.arg == name:
            return word.value
    if place is not None and place < len(call.args) and not isinstance(call.args[place], ast.Starred):
        return call.args[place]
    return None
