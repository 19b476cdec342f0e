"""The values of expressions that only join constants; all else is told as its source text."""

from __future__ import annotations

import ast
import operator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from stackwright.hazards.readers.python import DEEPEST, Point, UnknownError, called, chain, source

if TYPE_CHECKING:
    from stackwright.hazards.readers.look import Look
    from stackwright.hazards.readers.python import Module

TRANSLATES = ("_", "_LE", "_LI", "_LW", "N_")
SAME = ("list", "tuple", "str", "deepcopy", "copy")
# neutron's way to join check strings of policies: neutron_lib.policy, and its own before that.
JOINS = {"policy_or": " or ", "policy_and": " and "}
COUNTS = {
    ast.Mult: operator.mul,
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.Pow: operator.pow,
}
GREATEST = 64  # exponent, or places that are shifted


def find(look: Look, point: Point, depth: int = 0) -> Point | None:
    """Follow names to the expression that they stand for; None if that is nowhere in the files of the rule."""
    parts = chain(point.node)
    if parts is None:
        return point
    if depth > DEEPEST:
        return None
    name, *rest = parts
    if name in point.module.assigned and not rest:
        return find(look, Point(point.module, point.module.assigned[name]), depth + 1)
    if name in point.module.classes and len(rest) == 1:
        return _in_class(look, point.module, name, rest[0], depth)
    known = point.module.imports.get(name)
    if known is None:
        return None
    return _dotted(look, point.module, [*known.split("."), *rest], depth)


def _dotted(look: Look, here: Module, words: list[str], depth: int) -> Point | None:
    if (text := look.means.get(".".join(words))) is not None:
        return Point(here, ast.Constant(text))
    for count in range(len(words) - 1, 0, -1):
        module = look.imported(".".join(words[:count]))
        if module is None:
            continue
        rest = words[count:]
        if len(rest) == 1 and rest[0] in module.assigned:
            return find(look, Point(module, module.assigned[rest[0]]), depth + 1)
        if len(rest) == 2 and rest[0] in module.classes:
            return _in_class(look, module, rest[0], rest[1], depth)
        if rest[0] in module.imports:
            return (
                _dotted(look, module, [*module.imports[rest[0]].split("."), *rest[1:]], depth + 1)
                if depth < DEEPEST
                else None
            )
        return None
    return None


def _in_class(look: Look, module: Module, name: str, attribute: str, depth: int) -> Point | None:
    for node in module.classes[name].body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == attribute for t in node.targets):
            return find(look, Point(module, node.value), depth + 1)
    return None


def value(look: Look, point: Point, depth: int = 0) -> Any:
    """Give the value of an expression.

    :raises UnknownError: only running the code would tell
    """
    node = point.node
    if depth > 4 * DEEPEST:
        raise UnknownError
    if isinstance(node, ast.Constant):
        return node.value

    def of(part: ast.expr) -> Any:
        return value(look, Point(point.module, part), depth + 1)

    try:
        if isinstance(node, ast.Name) and node.id in look.bound:
            return look.bound[node.id]
        if isinstance(node, ast.Name | ast.Attribute):
            meant = find(look, point)
            if meant is None or meant.node is node:
                raise UnknownError
            return value(look, meant, depth + 1)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            found: list[Any] = []
            for part in node.elts:
                found += of(part.value) if isinstance(part, ast.Starred) else [of(part)]
            return found
        if isinstance(node, ast.Dict):
            return {of(key): of(part) for key, part in zip(node.keys, node.values, strict=True) if key is not None}
        if isinstance(node, ast.JoinedStr):
            return "".join(
                str(of(part.value if isinstance(part, ast.FormattedValue) else part)) for part in node.values
            )
        if isinstance(node, ast.BinOp):
            return _joined(node.op, of(node.left), node.right, of)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -of(node.operand)
        if isinstance(node, ast.Call):
            return _answer(node, of)
        if isinstance(node, ast.Subscript) and ast.unparse(node) in MODULE_NAMES:
            return _stem(point.module.path)
    except (TypeError, ValueError, KeyError, IndexError, ArithmeticError) as error:
        raise UnknownError from error
    raise UnknownError


MODULE_NAMES = ("__name__.split('.')[-1]", "__name__.rpartition('.')[-1]", "__name__.rsplit('.', 1)[-1]")


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _joined(sign: ast.operator, left: Any, right: ast.expr, of: Any) -> Any:
    other = of(right)
    if isinstance(sign, ast.Add):
        return left + other
    if isinstance(sign, ast.Mod) and isinstance(left, str):
        return left % (tuple(other) if isinstance(right, ast.Tuple) else other)
    count = COUNTS.get(type(sign))
    if count is None or not (isinstance(left, int | float) and isinstance(other, int | float)):
        raise UnknownError
    if isinstance(sign, ast.Pow | ast.LShift) and abs(other) > GREATEST:
        raise UnknownError
    return count(left, other)


def _answer(call: ast.Call, of: Any) -> Any:
    name = called(call)
    if name in (*TRANSLATES, *SAME) and len(call.args) == 1:
        return of(call.args[0])
    if name in JOINS:
        return JOINS[name].join(map(of, call.args))
    if name == "int" and len(call.args) == 1 and not call.keywords:
        return int(of(call.args[0]))
    if isinstance(call.func, ast.Attribute) and name in ("format", "join"):
        text = of(call.func.value)
        words = {word.arg: of(word.value) for word in call.keywords if word.arg}
        if isinstance(text, str):
            return text.format(*map(of, call.args), **words) if name == "format" else text.join(of(call.args[0]))
    raise UnknownError


def told(look: Look, module: Module, node: ast.expr | None) -> str:
    """Give an expression as text: its value where that is a text itself, else as it is written; empty for none."""
    if node is None:
        return ""
    try:
        found = value(look, Point(module, node))
    except UnknownError:
        return _spelled(look, module, node)
    return found if isinstance(found, str) else repr(found)


def written(look: Look, module: Module, node: ast.expr | None) -> str:
    """Give an expression as Python writes its value, else as it is written; empty for none."""
    if node is None:
        return ""
    try:
        return repr(value(look, Point(module, node)))
    except UnknownError:
        return _spelled(look, module, node)


class _Values(ast.NodeTransformer):
    """Puts values in the place of the names that stand for them."""

    def __init__(self, look: Look, module: Module) -> None:
        self.look = look
        self.module = module

    def _known(self, node: ast.expr) -> ast.AST:
        try:
            found = value(self.look, Point(self.module, node))
        except UnknownError:
            return self.generic_visit(node)
        return ast.Constant(found) if isinstance(found, str | int | float | None) else self.generic_visit(node)

    visit_Name = visit_Attribute = _known  # noqa: N815


def _spelled(look: Look, module: Module, node: ast.expr) -> str:
    """Give an expression as it is written, with the values of names in it: another name for the same is no change."""
    try:
        return source(_Values(look, module).visit(deepcopy(node)))
    except RecursionError:
        return source(node)


def text_of(look: Look, module: Module, node: ast.expr | None) -> str | None:
    """Give the value of an expression that is a text; None if it is none, or cannot be told."""
    if node is None:
        return None
    try:
        found = value(look, Point(module, node))
    except UnknownError:
        return None
    return found if isinstance(found, str) else None
