"""Policies in code (oslo.policy): each rule with its default, its scopes, and what it deprecates."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim
from stackwright.hazards.readers.python import Point, called, keyword, source
from stackwright.hazards.readers.values import find, text_of, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look
    from stackwright.hazards.readers.python import Module

DEFAULT = "RuleDefault"  # and DocumentedRuleDefault, and what components derive from them


def read(look: Look) -> Iterator[Claim]:
    """Give the rules of the role ``policies``; the role ``constants`` has further names that they use."""
    for module in look.modules("policies"):
        for call in module.calls:
            if not called(call).endswith(DEFAULT):
                continue
            name = text_of(look, module, keyword(call, "name", 0))
            if name is None:
                look.miss("a policy's name is computed", f"{module.path}:{call.lineno}")
                continue
            meaning = [
                ("default", told(look, module, keyword(call, "check_str", 1))),
                ("scopes", told(look, module, keyword(call, "scope_types"))),
                ("deprecated", _deprecated(look, module, call)),
            ]
            yield claim(Kind.POLICY, name, module.path, call.lineno, meaning)


def _deprecated(look: Look, module: Module, call: ast.Call) -> str:
    """Say what a rule takes the place of, or that it goes itself."""
    said = []
    if told(look, module, keyword(call, "deprecated_for_removal")) == "True":
        since = told(look, module, keyword(call, "deprecated_since"))
        said.append(f"for removal since {since}" if since else "for removal")
    old = keyword(call, "deprecated_rule")
    if old is not None:
        found = find(look, Point(module, old))
        if found and isinstance(found.node, ast.Call):
            name = told(look, found.module, keyword(found.node, "name", 0))
            said.append(f"{name} = {told(look, found.module, keyword(found.node, 'check_str', 1))!r}")
        else:
            said.append(source(old))
    return "; ".join(said)
