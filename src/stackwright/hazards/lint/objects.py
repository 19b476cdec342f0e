"""Versioned objects that a patch changes, and whose line in the list of hashes it leaves as it was.

The hash is made of the class itself (oslo.versionedobjects): it has to be imported, and no file tells it.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.hazards.hazard import Rule, Side
from stackwright.hazards.lint.model import Finding
from stackwright.hazards.model import Claim, Kind
from stackwright.hazards.readers.look import dotted
from stackwright.hazards.readers.python import called, chain, source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.lint.model import Subject
    from stackwright.hazards.readers.python import Module

REMOTABLE = ("remotable", "remotable_classmethod")
READER = "objects"
# Where the class of a field comes from is no part of the hash.
MODULES = re.compile(r"\b(?:\w+\.)+(?=\w+\()")


@dataclass(frozen=True)
class _Shape:
    """What the hash of an object is made of.

    :param registered: whether it is an object by itself, and no base of others
    """

    version: str
    content: tuple[str, ...]
    line: int
    registered: bool


def hashes(subject: Subject) -> Iterator[Finding]:
    """Find objects whose version or content has changed, and whose entry in the list has not."""
    listed, known = subject.after.claims.of(Kind.OBJECT), subject.before.claims.of(Kind.OBJECT)
    rule = next(subject.rules_with(READER), None)
    if rule is None or not known:
        return
    lists = [path for each in subject.rules_with(READER) for words in each.files.values()
             for path in subject.after.paths.first(words)]  # fmt: skip
    for path in sorted(subject.patch.paths):
        after = subject.after.module(path) if path.endswith(".py") and "/tests/" not in path else None
        if after is None:
            continue
        before = subject.before.module(path)
        old = _shapes(before) if before else {}
        for name, shape in _shapes(after).items():
            what = _what(name, old.get(name), shape, known.get(name), listed.get(name))
            if what:
                yield _finding(subject, name, path, shape, listed.get(name), what, lists)


def _what(name: str, old: _Shape | None, new: _Shape, known: Claim | None, listed: Claim | None) -> str:
    """Say what is wrong with the entry of an object; nothing if it goes with the object as well as it did before."""
    if listed is None:
        return f"the list of hashes lacks the new object {name} {new.version}" if new.registered and old is None else ""
    version = listed.says("version")
    if version != new.version and (old is None or known is None or known.says("version") == old.version):
        return f"{name} is {new.version}, and the list of hashes has {version}"
    same = known is not None and known.meaning == listed.meaning
    if old is not None and same and version == new.version and old.content != new.content:
        return f"{name} {version} has other fields or methods, and the list of hashes has the old hash"
    return ""


def _finding(
    subject: Subject, name: str, path: str, shape: _Shape, listed: Claim | None, what: str, lists: list[str]
) -> Finding:
    claim = Claim(Kind.OBJECT, name, (("version", shape.version),), path, shape.line)
    place = (listed.path, listed.line) if listed else (lists[0], 0)
    has = f"{name} {listed.says('version')}-{listed.says('fingerprint')}" if listed else f"no {name}"
    test = dotted(place[0])
    hazard = subject.ours.hazard(
        Rule.HASH_STALE,
        claim,
        Side(subject.tree, has, *place),
        what=what,
        happens="The test that holds the list fails as soon as somebody runs it. If the version was not raised,"
        " services with and without the patch take one another's object for their own.",
        fix=f"raise VERSION if fields or methods have changed; run `stestr run {test}`: it prints the hash that is"
        f" listed and the one that the object has; write the latter into {place[0]}",
        identity=(shape.version, has),
    )
    return Finding(hazard, by_hand="the hash is made of the class itself, which is not imported here")


def _shapes(module: Module) -> dict[str, _Shape]:
    found = {}
    for name, node in module.classes.items():
        given = {target.id: each.value for each in node.body if isinstance(each, ast.Assign)
                 for target in each.targets if isinstance(target, ast.Name)}  # fmt: skip
        version = given.get("VERSION")
        if not isinstance(version, ast.Constant) or not isinstance(version.value, str):
            continue
        fields = given.get("fields")
        content = tuple(filter(None, [MODULES.sub("", source(fields)) if fields else "", *_methods(node)]))
        found[name] = _Shape(version.value, content, version.lineno, any(map(_registers, node.decorator_list)))
    return found


def _methods(node: ast.ClassDef) -> Iterator[str]:
    """Give the methods that are called over RPC, with their arguments."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and any(_name(one) in REMOTABLE for one in each.decorator_list):
            yield f"{each.name}({ast.unparse(each.args)})"


def _registers(decorator: ast.expr) -> bool:
    return _name(decorator) in ("register", "register_if")


def _name(decorator: ast.expr) -> str:
    if isinstance(decorator, ast.Call):
        return called(decorator)
    return (chain(decorator) or [""])[-1]
