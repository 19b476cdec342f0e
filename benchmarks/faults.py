"""Faults to seed into a tree: one small change of what a Python file means, chosen by a number."""

from __future__ import annotations

import ast
import difflib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Where a fault breaks most tests at once, so that it hides all others, or where nothing is tested.
LEFT_OUT = (
    "/tests/", "/locale/", "/migrations/", "/hacking/", "/extra_specs/", "nova/cmd/", "nova/conf/", "nova/policies/",
    "nova/test.py", "nova/config.py", "nova/context.py", "nova/rpc.py", "nova/objects/base", "nova/objects/__init__",
    "nova/db/api.py", "nova/db/migration.py", "compute/routes.py", "nova/db/main/models", "nova/db/api/models",
    "nova/exception.py", "nova/monkey_patch", "nova/__init__", "nova/version", "nova/policy.py", "nova/service",
    "nova/baserpc", "nova/utils.py", "nova/filesystem", "nova/i18n", "placement/util.py",
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A change of one place.

    :param place: ``path:line``, and in which function
    :param inside: it is in the body of a function
    """

    path: str
    place: str
    what: str
    inside: bool
    text: str
    old: str

    @property
    def patch(self) -> str:
        """The fault as a patch."""
        lines = difflib.unified_diff(
            self.old.splitlines(keepends=True), self.text.splitlines(keepends=True), f"a/{self.path}", f"b/{self.path}"
        )
        return f"{self.what} at {self.place}\n\n" + "".join(lines)


def faults(files: Mapping[str, str], package: str, count: int, seed: int) -> list[Fault]:
    """Give so many faults, each in another file of a package; of four, one is outside of functions."""
    chance = random.Random(seed)
    paths = sorted(
        path for path in files if path.startswith(f"{package}/") and not any(part in path for part in LEFT_OUT)
    )
    chance.shuffle(paths)
    found: list[Fault] = []
    for path in paths:
        if len(found) == count:
            break
        inside = len(found) % 4 != 0
        possible = [one for one in _changes(ast.parse(files[path]), "", inside=False) if one.inside == inside]
        chance.shuffle(possible)
        found += [fault for one in possible if (fault := _fault(path, files[path], one))][:1]
    return found


@dataclass(frozen=True)
class _Change:
    """A node with the text that is to be there instead."""

    node: ast.expr | ast.stmt
    new: str
    what: str
    where: str
    inside: bool


def _fault(path: str, text: str, change: _Change) -> Fault | None:
    lines = text.splitlines(keepends=True)

    def at(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())

    node = change.node
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    begin, end = at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset)
    changed = text[:begin] + change.new + text[end:]
    try:
        ast.parse(changed)
    except SyntaxError:
        return None
    return Fault(path, f"{path}:{node.lineno} {change.where}", change.what, change.inside, changed, text)


def _changes(node: ast.AST, where: str, *, inside: bool) -> Iterator[_Change]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            for default in (*child.args.defaults, *child.args.kw_defaults):
                if isinstance(default, ast.Constant) and (new := _other(default.value)):
                    yield _Change(default, new, "another default", f"{where}{child.name}", inside)
            for statement in child.body:
                yield from _changes_in(statement, f"{where}{child.name}")
        elif isinstance(child, ast.ClassDef):
            yield from _changes(child, f"{where}{child.name}.", inside=inside)
        elif isinstance(child, ast.Assign) and (new := _other_of(child.value)):
            yield _Change(child.value, new, "another constant", where, inside)


def _changes_in(statement: ast.stmt, where: str) -> Iterator[_Change]:
    for node in ast.walk(statement):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield _Change(node.test, f"(not ({ast.unparse(node.test)}))", "a condition turned round", where, True)
        elif isinstance(node, ast.Return) and node.value is not None:
            yield _Change(node.value, "None", "nothing given back", where, True)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and "LOG" not in ast.unparse(node.value):
            yield _Change(node, "pass", "a call left out", where, True)
        elif isinstance(node, ast.Assign) and (new := _other_of(node.value)):
            yield _Change(node.value, new, "another value", where, True)


def _other_of(node: ast.expr) -> str:
    return _other(node.value) if isinstance(node, ast.Constant) else ""


def _other(value: object) -> str:
    if isinstance(value, bool):
        return str(not value)
    if isinstance(value, int):
        return str(value + 1)
    if isinstance(value, str) and value:
        return repr(value + "x")
    return "'x'" if value is None else ""
