"""What a database revision does, read from its file without running it; and the graph that revisions make."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackwright.hazards.model import Claim

# Alembic's operations (https://alembic.sqlalchemy.org/en/latest/ops.html): what to say, and which arguments name the
# thing and the table it is on. Inside batch_alter_table the table is that of the batch.
THINGS = {
    "create_unique_constraint": ("creates the unique constraint", 0, 1),
    "create_check_constraint": ("creates the check constraint", 0, 1),
    "create_foreign_key": ("creates the foreign key", 0, 1),
    "create_primary_key": ("creates the primary key", 0, 1),
    "create_exclude_constraint": ("creates the constraint", 0, 1),
    "create_index": ("creates the index", 0, 1),
    "drop_constraint": ("drops the constraint", 0, 1),
    "drop_index": ("drops the index", 0, 1),
    "drop_column": ("drops the column", 1, 0),
    "alter_column": ("changes the column", 1, 0),
}
TABLES = {"create_table": "creates the table", "drop_table": "drops the table", "rename_table": "renames the table"}
COLUMN = "adds the column"
LOOKS_FIRST = re.compile(r"_if_(not_)?exists$")  # neutron's migration.create_table_if_not_exists
# What a table is created with, where it has a name: the place of the name among the arguments, if it has one.
PARTS = {
    "UniqueConstraint": ("the unique constraint", None),
    "CheckConstraint": ("the check constraint", None),
    "ForeignKeyConstraint": ("the foreign key", None),
    "ForeignKey": ("the foreign key", None),
    "Index": ("the index", 0),
}


def operations(source: bytes) -> tuple[str, ...]:
    """Say what a revision does: ``creates the unique constraint uniq_x on the table y``, each once.

    Everything outside of `downgrade` counts, as `upgrade` may call what stands beside it.
    """
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    names = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: list[str] = []
    for node in module.body:
        if not (isinstance(node, ast.FunctionDef) and node.name in {"downgrade", "schema_downgrades"}):
            found += _said(node, names, "")
    return tuple(dict.fromkeys(found))


def before(claim: Claim) -> frozenset[str]:
    """Give the revisions that a revision comes directly after."""
    return _names(claim.says("down"))


def parents(claim: Claim) -> frozenset[str]:
    """Give the revisions that a revision comes directly after, and those that it depends on."""
    return before(claim) | _names(claim.says("depends"))


def ancestors(revision: str, graph: Mapping[str, Claim]) -> frozenset[str]:
    """Give everything that is applied before a revision, as far as the graph has it."""
    found: set[str] = set()
    waiting = [revision]
    while waiting:
        claim = graph.get(waiting.pop())
        new = parents(claim) - found if claim else frozenset()
        found |= new
        waiting += new
    return frozenset(found & graph.keys())


def heads(graph: Mapping[str, Claim]) -> dict[str, frozenset[str]]:
    """Give the revisions that no other comes after, by branch."""
    found: dict[str, set[str]] = {}
    followed = {(parent, claim.says("branch")) for claim in graph.values() for parent in before(claim)}
    for name, claim in graph.items():
        branch = claim.says("branch")
        if (name, branch) not in followed:
            found.setdefault(branch, set()).add(name)
    return {branch: frozenset(names) for branch, names in found.items()}


def _names(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w.+-]+", text)) - {"None"}


def _said(node: ast.AST, names: Mapping[str, str], table: str) -> Iterator[str]:
    """Give what the calls in a node do.

    :param table: that of the batch around them
    """
    if isinstance(node, ast.With):
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and _called(call) == "batch_alter_table":
                table = _text(call, 0, "table_name", names)
    if isinstance(node, ast.Call):
        yield from _of_call(node, names, table)
    for child in ast.iter_child_nodes(node):
        yield from _said(child, names, table)


def _of_call(call: ast.Call, names: Mapping[str, str], table: str) -> Iterator[str]:
    name = _called(call)
    if name in TABLES:
        inside = ", ".join(_inside(call, names))
        yield f"{TABLES[name]} {_text(call, 0, 'table_name', names)}" + (f" with {inside}" if inside else "")
    elif name == "add_column":
        column = next((arg for arg in call.args if isinstance(arg, ast.Call)), None)
        thing = _text(column, 0, "name", names) if column else "?"
        yield f"{COLUMN} {thing} on the table {table or _text(call, 0, 'table_name', names)}"
    elif name in THINGS:
        said, thing_at, table_at = THINGS[name]
        thing = _text(call, 0 if table else thing_at, "column_name" if thing_at else "constraint_name", names)
        yield f"{said} {thing} on the table {table or _text(call, table_at, 'table_name', names)}"


def _inside(call: ast.Call, names: Mapping[str, str]) -> Iterator[str]:
    """Give the named constraints and indexes that a table is created with."""
    for node in ast.walk(call):
        said, at = PARTS.get(_called(node), ("", None)) if isinstance(node, ast.Call) else ("", None)
        if said and isinstance(node, ast.Call):
            thing = _text(node, len(node.args) if at is None else at, "name", names)
            if thing != "?":
                yield f"{said} {thing}"


def _called(call: ast.Call) -> str:
    """Give the name of a method that is called on something, such as `op`; one that looks first does the same."""
    return LOOKS_FIRST.sub("", call.func.attr) if isinstance(call.func, ast.Attribute) else ""


def _text(call: ast.Call, at: int, keyword: str, names: Mapping[str, str]) -> str:
    """Give an argument of a call as a text: a constant of the module is looked up, all else stays as written."""
    node = next((each.value for each in call.keywords if each.arg == keyword), None)
    if node is None and len(call.args) > at:
        node = call.args[at]
    if node is None:
        return "?"
    try:
        return _joined(node, names)
    except (LookupError, TypeError, ValueError):
        return ast.unparse(node)


def _joined(node: ast.expr, names: Mapping[str, str]) -> str:
    """Give the text that constants are joined to, however they are: ``'uniq_%s' % TABLE``, ``f'uniq_{TABLE}'``.

    :raises LookupError, TypeError, ValueError: there is more to it
    """
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.JoinedStr):
        return "".join(_joined(part, names) for part in node.values)
    if isinstance(node, ast.FormattedValue) and node.format_spec is None:
        return _joined(node.value, names)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined(node.left, names) + _joined(node.right, names)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        parts = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _joined(node.left, names) % tuple(_joined(part, names) for part in parts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        words = {word.arg: _joined(word.value, names) for word in node.keywords if word.arg}
        return _joined(node.func.value, names).format(*(_joined(part, names) for part in node.args), **words)
    raise TypeError
