"""Names that others must not take: extra specs of flavors and types, and the aliases of API extensions."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim
from stackwright.hazards.readers.python import Point, UnknownError, called, keyword, source
from stackwright.hazards.readers.values import text_of, told, value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look
    from stackwright.hazards.readers.python import Module

ALIAS = "ALIAS"
# What makes an extension what it is, beside its words.
DEFINES = ("RESOURCE_ATTRIBUTE_MAP", "SUB_RESOURCE_ATTRIBUTE_MAP", "ACTION_MAP", "ACTION_STATUS", "REQUIRED_EXTENSIONS")
DIGITS = 12


def extra_specs(look: Look) -> Iterator[Claim]:
    """Give the extra specs of the role ``specs``: calls, or the texts of a class.

    Options: ``call``, the name of what is called; or ``class``.
    """
    wanted = look.options.get("call")
    for module in look.modules("specs"):
        if not wanted:
            yield from _of_class(look, module)
            continue
        for call in looped(look, module, wanted):
            name = text_of(look, module, keyword(call, "name", 0))
            if name is None:
                look.miss("an extra spec's name is computed", f"{module.path}:{call.lineno}")
                continue
            shape = keyword(call, "value")
            parts = {}
            if isinstance(shape, ast.Dict):
                parts = {told(look, module, key): part for key, part in zip(shape.keys, shape.values, strict=True)}
            meaning = [
                (word, told(look, module, parts[key]))
                for word, key in (("type", "type"), ("choices", "enum"), ("pattern", "pattern"))
                if key in parts
            ]
            meaning.append(("deprecated", told(look, module, keyword(call, "deprecated"))))
            yield claim(Kind.EXTRA_SPEC, name, module.path, call.lineno, meaning)


def looped(look: Look, module: Module, wanted: str) -> Iterator[ast.Call]:
    """Give the calls of a name; those in loops over constants once for each turn, with the loops' names bound."""
    inside: set[int] = set()
    for node in module.tree.body:
        if isinstance(node, ast.For):
            for call in _turns(look, module, node, wanted):
                inside.add(id(call))
                yield call
    yield from (call for call in module.calls if called(call) == wanted and id(call) not in inside)


def _turns(look: Look, module: Module, loop: ast.For, wanted: str) -> Iterator[ast.Call]:
    try:
        turns = value(look, Point(module, loop.iter))
    except UnknownError:
        return
    names = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
    before = look.bound
    for turn in turns:
        values = turn if isinstance(loop.target, ast.Tuple) else [turn]
        bound = {name.id: one for name, one in zip(names, values, strict=False) if isinstance(name, ast.Name)}
        look.bound = before | bound
        for node in loop.body:
            if isinstance(node, ast.For):
                yield from _turns(look, module, node, wanted)
            else:
                yield from (call for call in ast.walk(node) if isinstance(call, ast.Call) and called(call) == wanted)
    look.bound = before


def _of_class(look: Look, module: Module) -> Iterator[Claim]:
    wanted = look.options["class"]
    node = module.classes.get(wanted)
    if node is None:
        look.miss(f"it has no class {wanted}", module.path)
        return
    given = [part for part in node.body if isinstance(part, ast.Assign)]
    lists = {ast.unparse(part.targets[0]): _members(look, Point(module, part.value)) for part in given}
    for part in given:
        name = text_of(look, module, part.value)
        if name:
            # What it is, its lists say: such as that it is a boolean.
            among = ", ".join(word for word, names in lists.items() if name in names)
            yield claim(Kind.EXTRA_SPEC, name, module.path, part.lineno, [("among", among)])


def _members(look: Look, point: Point) -> Collection[object]:
    try:
        found = value(look, point)
    except UnknownError:
        return ()
    return found if isinstance(found, list | dict) else ()


def extensions(look: Look) -> Iterator[Claim]:
    """Give the aliases of the role ``extensions``: a constant ``ALIAS``, or what ``get_alias`` gives."""
    for module in look.modules("extensions"):
        node = module.top.get(ALIAS)
        if node is None:
            yield from _by_method(look, module)
            continue
        alias = text_of(look, module, node)
        if alias is None:
            look.miss("the alias is computed", f"{module.path}:{node.lineno}")
            continue
        body = "\n".join(_shape(look, module, name) for name in DEFINES if name in module.top)
        digest = hashlib.sha256(body.encode()).hexdigest()[:DIGITS]
        meaning = [("title", told(look, module, module.top.get("NAME"))), ("definition", digest)]
        yield claim(Kind.EXTENSION, alias, module.path, node.lineno, meaning)


def _by_method(look: Look, module: Module) -> Iterator[Claim]:
    for function in module.all(ast.FunctionDef):
        if function.name != "get_alias":
            continue
        for node in ast.walk(function):
            if not isinstance(node, ast.Return):
                continue
            alias = text_of(look, module, node.value)
            # One that another package defines is claimed there.
            if alias is not None:
                yield claim(Kind.EXTENSION, alias, module.path, node.lineno)


def _shape(look: Look, module: Module, name: str) -> str:
    try:
        return f"{name} = {value(look, Point(module, module.top[name]))!r}"
    except UnknownError:
        return f"{name} = {source(module.top[name])}"
