"""What a module is made of, and how two versions of it differ.

A function is itself without the bodies of the functions in it. What others see of it (its parameters, its decorators)
belongs to its name. Comments and blank lines are no difference.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from stackwright.proof.upstream.inside.reach import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Decorators that do no more than change how a function is called.
HARMLESS = frozenset({"staticmethod", "classmethod", "property", "setter", "abstractmethod", "override", "wraps"})
# Whoever makes an object calls these.
MAKING = frozenset({"__init__", "__new__", "__post_init__"})
# Bases by whose names one knows that they do not look at a class while it is made.
PLAIN = ("Exception", "Error", "TestCase", "Test", "Fixture")
LONGEST = 200  # characters of a string that may name something


class Kind(Enum):
    """What a unit is."""

    FUNCTION = auto()
    CLASS = auto()
    BINDING = auto()
    OTHER = auto()


@dataclass(frozen=True)
class Unit:
    """A piece of a module.

    :param name: of a function or class where it is (``Class.method``), of a statement the names that it binds
    :param binds: the last parts of its names: others say these if they mean it
    :param form: what others see of it, as a digest
    :param body: what a function does, as a digest
    :param says: every name that it says where it is run as its module is imported
    :param says_inside: every name that the body of a function says
    :param decorators: of a function
    :param looked_at: it is in a class that something may look at while it is made
    :param inner: it is inside a function
    :param imports: it is an import
    :param options: of a statement that lists oslo.config options and does nothing else, each with its digest
    """

    kind: Kind
    name: str
    binds: frozenset[str]
    form: str
    body: str = ""
    says: frozenset[str] = frozenset()
    says_inside: frozenset[str] = frozenset()
    decorators: frozenset[str] = frozenset()
    looked_at: bool = False
    inner: bool = False
    imports: bool = False
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Change:
    """How two versions of a module differ.

    :param functions: those that do something else, are new or are gone
    :param local: what looks different, is new or is gone at the module's top: others have to name the module for it
    :param names: classes, options and methods that look different: whoever has an object says these
    :param fresh: of the local names, those that are new: nobody else can have meant them
    :param gone: the last parts of the names of all that is gone
    :param options: of these names, those that are lists of options, and different in their options alone
    :param methods: those that have come or gone (``Class.method``)
    :param attributes: those of classes that are different, have come or gone
    :param all: why the whole module has to be taken for different; empty if it has not
    """

    functions: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    all: str = ""


def read(source: bytes) -> tuple[Unit, ...]:
    """Read a module.

    :raises SyntaxError: it is no Python
    :raises ValueError: it has a zero byte
    """
    return tuple(_block(ast.parse(source).body, ""))


def difference(old: bytes | None, new: bytes | None) -> Change:
    """Tell how two versions of a module differ; None is a module that is not there.

    A version that is no Python differs in everything.
    """
    try:
        before, after = (_by_name(read(text)) if text is not None else {} for text in (old, new))
    except (SyntaxError, ValueError) as error:
        return Change(all=f"it cannot be read: {error}")
    found: defaultdict[str, set[str]] = defaultdict(set)
    reasons: dict[str, None] = {}
    # Who has to do with a class that is new or gone says its name, or is changed himself.
    whole = {name for kind, name in before.keys() ^ after.keys() if kind is Kind.CLASS}
    for key in before.keys() | after.keys():
        a, b = before.get(key, ()), after.get(key, ())
        if _digests(a) == _digests(b):
            continue
        one = (a or b)[0]
        owner, _, last = one.name.rpartition(".")
        if one.kind is Kind.FUNCTION:
            found["functions"].add(one.name)
            if _forms(a) == _forms(b) or one.inner:
                continue
            reasons |= dict.fromkeys(_reasons(one, a, b))
        elif one.kind is Kind.OTHER:
            reasons["a statement that runs on import is different"] = None
        elif one.looked_at or (one.kind is Kind.CLASS and a and b):
            reasons[f"{one.name} may be looked at while its class is made"] = None
        if owner in whole and one.kind is not Kind.CLASS:
            continue
        if one.kind is Kind.BINDING and all(unit.options for unit in (*a, *b)):
            found["options"] |= one.binds
            found["names"] |= {name for name, _ in {*_options_in(a)} ^ {*_options_in(b)}}
        found["gone"] |= one.binds if not b else frozenset()
        found["fresh"] |= one.binds if not a and not owner else frozenset()
        if one.kind is Kind.CLASS or (one.kind is Kind.FUNCTION and owner and a and b):
            found["names"] |= one.binds
        elif one.kind is Kind.FUNCTION and owner:
            found["methods"].add(one.name)
        elif owner:
            found["attributes"] |= {f"{owner}.{name}" for name in one.binds}
        else:
            found["local"] |= one.binds
        if owner and last in MAKING:
            found["names"].add(owner.rpartition(".")[2])
    found["fresh"] -= {name for units in before.values() for unit in units for name in unit.binds}
    return Change(all="; ".join(reasons), **{name: frozenset(values) for name, values in found.items()})


def mentions(*nodes: ast.AST) -> frozenset[str]:
    """Give every name that a piece of code says, in strings too: a string may look something up."""
    found: set[str] = set()
    for node in nodes:
        for one in ast.walk(node):
            if isinstance(one, ast.Name):
                found.add(one.id)
            elif isinstance(one, ast.Attribute):
                found.add(one.attr)
            elif isinstance(one, ast.keyword) and one.arg:
                found.add(one.arg)
            elif isinstance(one, ast.alias):
                found.update(one.name.split("."))
            elif isinstance(one, ast.ImportFrom) and one.module:
                found.update(one.module.split("."))
            elif isinstance(one, ast.Constant) and isinstance(one.value, str) and len(one.value) < LONGEST:
                parts = one.value.replace("-", "_").replace(":", ".").replace("/", ".").split(".")
                found.update(part for part in parts[-3:] if part.isidentifier())
    return frozenset(found)


def _block(statements: Iterable[ast.stmt], path: str, *, looked_at: bool = False) -> Iterator[Unit]:
    """Give the units of statements that run when their module is imported."""
    for statement in statements:
        if isinstance(statement, FUNCTIONS):
            yield from _function(statement, path)
        elif isinstance(statement, ast.ClassDef):
            yield from _class(statement, path)
        elif _is_docstring(statement):
            yield Unit(Kind.BINDING, f"{path}__doc__", frozenset({"__doc__"}), _digest(statement))
        elif (names := _bound(statement)) is not None:
            name = path + " ".join(sorted(names))
            yield Unit(
                Kind.BINDING,
                name,
                names,
                _digest(statement),
                says=mentions(statement),
                looked_at=looked_at,
                imports=isinstance(statement, ast.Import | ast.ImportFrom),
                options=_options(statement),
            )
        elif not isinstance(statement, ast.Pass):
            yield from _nested(statement, path, inner=False)
            yield Unit(Kind.OTHER, path, frozenset(), _digest(statement), says=mentions(statement))


def _class(node: ast.ClassDef, path: str) -> Iterator[Unit]:
    head = [*node.bases, *node.keywords, *node.decorator_list]
    bases = [base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "?") for base in node.bases]
    plain = all(base == "object" or base.endswith(PLAIN) for base in bases)
    looked_at = bool(node.decorator_list or node.keywords) or not plain
    name = f"{path}{node.name}"
    yield Unit(Kind.CLASS, name, frozenset({node.name}), _digest(*head), says=mentions(*head))
    yield from _block(node.body, f"{name}.", looked_at=looked_at)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, path: str, *, inner: bool = False) -> Iterator[Unit]:
    """Give a function, and those inside it; afterwards its body is empty, so that it counts nowhere else."""
    name = f"{path}{node.name}"
    for statement in node.body:
        yield from _nested(statement, f"{name}.", inner=True)
    head = [node.args, *node.decorator_list]
    yield Unit(
        Kind.FUNCTION,
        name,
        frozenset({node.name}),
        type(node).__name__ + _digest(*head),
        _digest(*node.body),
        mentions(*head),
        mentions(*node.body),
        frozenset(_decorator(one) for one in node.decorator_list),
        inner=inner,
    )
    node.body = [ast.Pass()]


def _nested(node: ast.AST, path: str, *, inner: bool) -> Iterator[Unit]:
    """Give the functions somewhere in a statement."""
    if isinstance(node, FUNCTIONS):
        yield from _function(node, path, inner=inner)
        return
    inside = f"{path}{node.name}." if isinstance(node, ast.ClassDef) else path
    for child in ast.iter_child_nodes(node):
        yield from _nested(child, inside, inner=inner)


def _reasons(one: Unit, a: Sequence[Unit], b: Sequence[Unit]) -> Iterator[str]:
    """Say why more than the name of a function counts."""
    last = one.name.rpartition(".")[2]
    if last.startswith("__") and last.endswith("__") and last not in MAKING:
        yield f"{one.name} is called by nobody's naming it"
    strange = frozenset.union(*(unit.decorators for unit in a), frozenset()) ^ frozenset.union(
        *(unit.decorators for unit in b), frozenset()
    )
    if strange - HARMLESS:
        yield f"what decorates {one.name} may keep it"


def _by_name(units: Iterable[Unit]) -> dict[tuple[Kind, str], tuple[Unit, ...]]:
    found: defaultdict[tuple[Kind, str], tuple[Unit, ...]] = defaultdict(tuple)
    for unit in units:
        found[unit.kind, unit.name] += (unit,)
    return dict(found)


def _digests(units: Iterable[Unit]) -> list[tuple[str, str]]:
    return [(unit.form, unit.body) for unit in units]


def _options_in(units: Iterable[Unit]) -> Iterator[tuple[str, str]]:
    return (option for unit in units for option in unit.options)


def _options(statement: ast.stmt) -> tuple[tuple[str, str], ...]:
    """Give the oslo.config options that a statement lists, by the names that they are read by."""
    value = getattr(statement, "value", None)
    calls = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    found: list[tuple[str, str]] = []
    for call in calls:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr.endswith("Opt")):
            return ()
        first = call.args[0] if call.args else next((one.value for one in call.keywords if one.arg == "name"), None)
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            return ()
        found.append((first.value.replace("-", "_"), _digest(call)))
    return tuple(found)


def _forms(units: Iterable[Unit]) -> list[str]:
    return [unit.form for unit in units]


def _bound(statement: ast.stmt) -> frozenset[str] | None:
    """Give the names that a statement binds, if that is all that it does."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        if any(alias.name == "*" for alias in statement.names):
            return None
        return frozenset((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    else:
        return None
    nodes = [node for target in targets for node in ast.walk(target)]
    if any(isinstance(node, ast.Attribute | ast.Subscript) for node in nodes):
        return None
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name))


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _decorator(node: ast.expr) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "?")


def _digest(*nodes: ast.AST) -> str:
    return hashlib.sha256("\n".join(ast.dump(node) for node in nodes).encode()).hexdigest()[:24]
