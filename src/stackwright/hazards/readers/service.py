"""Numbers of services and of whole sets of objects, with what each stands for."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim
from stackwright.hazards.readers.python import Point, UnknownError, chain, source
from stackwright.hazards.readers.values import told, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look
    from stackwright.hazards.readers.python import Module

COMMENT = re.compile(r"\s*#\s?(.*)")
NUMBERED = re.compile(r"Version \d+:\s*")


def versions(look: Look) -> Iterator[Claim]:
    """Give the numbers of a service: a list of dictionaries, each below a comment that says what it brought.

    Options: ``history``, the list's name, whose first has the number 0; ``newest``, that of the number in use;
    ``oldest``, that of the oldest that is not refused, and ``aliases``, that of the numbers of releases, where the
    oldest is told by a release.
    """
    for module in look.modules("versions"):
        listed = module.top.get(look.options["history"])
        newest = module.top.get(look.options["newest"])
        if not isinstance(listed, ast.Tuple | ast.List) or newest is None:
            look.miss(f"it does not tell {look.options['history']} and {look.options['newest']}", module.path)
            continue
        lines = look.text(module.path).splitlines()
        above = listed.lineno
        for number, node in enumerate(listed.elts):
            comments = [found[1] for line in lines[above : node.lineno - 1] if (found := COMMENT.fullmatch(line))]
            meaning = [("title", NUMBERED.sub("", " ".join(comments))), *_pairs(look, Point(module, node))]
            yield claim(Kind.SERVICE_VERSION, str(number), module.path, node.lineno, meaning)
            above = node.end_lineno or node.lineno
        version = [("version", told(look, module, newest)), ("oldest", _oldest(look, module))]
        yield claim(Kind.NEWEST, "service version", module.path, newest.lineno, version)


def _oldest(look: Look, module: Module) -> str:
    """Give the oldest number that the tree works with; empty where nothing asks for it."""
    if "oldest" not in look.options:
        return ""
    oldest = told(look, module, module.top.get(look.options["oldest"]))
    if "aliases" in look.options:
        aliases = module.top.get(look.options["aliases"])
        oldest = dict(_pairs(look, Point(module, aliases))).get(oldest, "") if aliases is not None else ""
    if not oldest.isdecimal():
        look.miss(f"it does not tell the number of {look.options['oldest']}", module.path)
        return ""
    return oldest


def object_history(look: Look) -> Iterator[Claim]:
    """Give what each number of a set of objects brought: ``OBJ_VERSIONS.add('1.39', {'Volume': '1.9'})``.

    Option: ``variable``, what they are added to.
    """
    for module in look.modules("versions"):
        wanted = [look.options["variable"], "add"]
        found = [call for call in module.calls if chain(call.func) == wanted and len(call.args) == 2]
        if not found and wanted[0] not in module.top:
            look.miss(f"it has no {wanted[0]}", module.path)
        for call in found:
            name = f"objects {told(look, module, call.args[0])}"
            yield claim(Kind.SERVICE_VERSION, name, module.path, call.lineno, _pairs(look, Point(module, call.args[1])))


def releases(look: Look) -> Iterator[Claim]:
    """Give what each release is pinned to: a dictionary of dictionaries by release, and other names of releases.

    What is not released yet (``master``) is told by other claims: it changes with every one of them. A further name
    is given below the dictionary: ``MAPPING['2026.1'] = MAPPING['35.0']``. Option: ``variable``, its name.
    """
    for module in look.modules("versions"):
        node = module.top.get(look.options["variable"])
        if not isinstance(node, ast.Dict):
            look.miss(f"it has no dictionary {look.options['variable']}", module.path)
            continue
        for key, said in zip(node.keys, node.values, strict=True):
            name = told(look, module, key)
            if name != "master":
                pairs = _pairs(look, Point(module, said))
                yield claim(Kind.SERVICE_VERSION, f"release {name}", module.path, (key or said).lineno, pairs)
        yield from _named(look, module)


def _named(look: Look, module: Module) -> Iterator[Claim]:
    """Give the further names of releases, and the release that each stands for."""

    def release(node: ast.expr) -> str:
        if isinstance(node, ast.Subscript) and chain(node.value) == [look.options["variable"]]:
            return told(look, module, node.slice)
        return ""

    for node in module.tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            name, meant = release(node.targets[0]), release(node.value)
            if name and meant:
                yield claim(Kind.SERVICE_VERSION, f"named release {name}", module.path, node.lineno, [("as", meant)])


def _pairs(look: Look, point: Point) -> list[tuple[str, str]]:
    """Give a dictionary as the parts of a meaning."""
    try:
        found = value(look, point)
    except UnknownError:
        return [("as", source(point.node))]
    return (
        [(str(key), _short(said)) for key, said in found.items()] if isinstance(found, dict) else [("as", repr(found))]
    )


def _short(said: Any) -> str:
    if isinstance(said, dict):
        return ", ".join(f"{key} {_short(part)}" for key, part in sorted(said.items()))
    return "/".join(map(str, said)) if isinstance(said, list) else str(said)
