"""Which values a template reads, found without rendering it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import jinja2
from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENVIRONMENT = jinja2.Environment(autoescape=False)
VALUE, SECRET, SHARED = "value", "secret", "shared"


@cache
def reads(template: str, service: str) -> frozenset[str]:
    """Give the paths of the values that a template names, for a service: its own may stand without the service.

    What is not a template reads nothing: that is told when it is rendered.
    """
    return frozenset(qualified(name, service) for name in _called(template, VALUE))


@cache
def takes(template: str) -> frozenset[tuple[str, str]]:
    """Give the texts that a template takes in from other services: (service, name)."""
    if SHARED not in template:
        return frozenset()
    found = set()
    for node in _tree(template).find_all(nodes.Getattr):
        inner = node.node
        if isinstance(inner, nodes.Getattr) and isinstance(inner.node, nodes.Name) and inner.node.name == SHARED:
            found.add((inner.attr, node.attr))
    return frozenset(found)


def qualified(name: str, service: str) -> str:
    """Give the whole path of a value that a template of a service names."""
    return name if "." in name else f"{service}.{name}"


def _called(template: str, function: str) -> Iterator[str]:
    """Give the texts that a function of templates is called with."""
    if function not in template:
        return
    for call in _tree(template).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == function and call.args:
            argument = call.args[0]
            if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
                yield argument.value


@cache
def _tree(template: str) -> nodes.Template:
    try:
        return _ENVIRONMENT.parse(template)
    except jinja2.TemplateSyntaxError:
        return nodes.Template([])
