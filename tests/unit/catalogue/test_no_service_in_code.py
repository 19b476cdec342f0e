"""Nothing of a service is in Python code: what keystone is stands in the catalogue alone.

``stackwright.tools`` is exempt, as its modules drive programs by name, and so is the one that reads what horizon's
source says of others' policies; so is naming such a module.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import stackwright
from stackwright.catalogue.catalogue import own_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(stackwright.__file__).parent
READER = "site/policy/horizon.py"
EXEMPT = ("stackwright.tools", "stackwright.site.policy.horizon")
MODULES = sorted(
    file for package in ("site", "targets") for file in (SOURCES / package).rglob("*.py") if file != SOURCES / READER
)
SERVICES = sorted(own_catalogue().services)
NAMES = re.compile(rf"(?<![a-z])({'|'.join(SERVICES)})(?![a-z])", re.IGNORECASE)


def words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give the names and texts in code with their lines, without comments, docstrings and modules of tools."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield node.lineno, text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.ImportFrom(module=str(module), names=names) if not module.startswith(EXEMPT):
                yield from ((node.lineno, name) for name in (module, *(alias.name for alias in names)))
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)


def services_in(code: str) -> list[tuple[int, str]]:
    return [(line, word) for line, word in words(ast.parse(code)) if NAMES.search(word)]


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(SOURCES)))
def test_no_service_is_named(file: Path) -> None:
    assert services_in(file.read_text()) == []


def test_the_search_finds_what_it_is_for() -> None:
    code = '''
"""Of nova."""
from stackwright.tools.keystone import Identity
from stackwright.catalogue import glance
# neutron
def nova_api(keystone_url):
    """Of nova."""
    return f"{keystone_url}/placement", run(service="mariadb"), self.rabbitmq, "novation", Identity
'''
    assert sorted(word for _, word in services_in(code)) == [
        *("/placement", "glance", "keystone_url", "keystone_url", "mariadb", "nova_api", "rabbitmq"),
    ]
