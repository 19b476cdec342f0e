"""Revisions of a database's schema (alembic), and the files that name the newest."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim
from stackwright.hazards.readers.python import Point, UnknownError, chain, source
from stackwright.hazards.readers.values import text_of, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look
    from stackwright.hazards.readers.python import Module

BRANCH = re.compile(r"(?:^|[/_])(expand|contract)(?=[/_]|\d)")


def revisions(look: Look) -> Iterator[Claim]:
    """Give the revisions of the role ``versions``. Option: ``branch``, for those whose path or label names none."""
    for module in look.modules("versions"):
        node = module.top.get("revision")
        if node is None:
            if module.path.rpartition("/")[2] != "__init__.py":
                look.miss("it names no revision", module.path)
            continue
        revision = text_of(look, module, node)
        if revision is None:
            look.miss("its revision is computed", f"{module.path}:{node.lineno}")
            continue
        labels = _names(look, module, module.top.get("branch_labels"))
        found = BRANCH.search(module.path)
        branch = found[1] if found else labels or look.options.get("branch", "")
        meaning = [
            ("down", _names(look, module, module.top.get("down_revision"))),
            ("branch", branch),
            ("depends", _names(look, module, module.top.get("depends_on"))),
        ]
        yield claim(Kind.REVISION, revision, module.path, node.lineno, meaning)


def _names(look: Look, module: Module, node: ast.expr | None) -> str:
    """Give one name, or several, as text; what only the running code knows by the name that it has there."""
    if node is None:
        return ""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return ", ".join(filter(None, (_names(look, module, part) for part in node.elts)))
    try:
        found = value(look, Point(module, node))
    except UnknownError:
        parts = chain(node)
        known = BRANCH.search(parts[-1].lower()) if parts else None
        return known[1] if known else source(node)
    if isinstance(found, list):
        return ", ".join(map(str, found))
    return "" if found is None else str(found)


def heads(look: Look) -> Iterator[Claim]:
    """Give the heads that files of the role ``heads`` name: as their text, or as a constant (option ``variable``)."""
    variable = look.options.get("variable")
    for path in look.paths("heads"):
        if not variable:
            revision = " ".join(look.text(path).split())
            yield claim(Kind.HEAD, path.rpartition("/")[2], path, 1, [("revision", revision)])
            continue
        module = look.module(path)
        node = module.top.get(variable) if module else None
        revision = text_of(look, module, node) or "" if module else ""
        if node is None or not revision:
            look.miss(f"it does not tell {variable}", path)
            continue
        yield claim(Kind.HEAD, variable, path, node.lineno, [("revision", revision)])
