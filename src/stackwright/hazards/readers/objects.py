"""Versioned objects: the version and the fingerprint of each, as the tests of a component list them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim
from stackwright.hazards.readers.values import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look


def read(look: Look) -> Iterator[Claim]:
    """Give the objects that a dictionary of the role ``list`` names. Option: ``variable``, its name."""
    variable = look.options["variable"]
    for module in look.modules("list"):
        node = module.top.get(variable)
        if not isinstance(node, ast.Dict):
            look.miss(f"it has no dictionary {variable}", module.path)
            continue
        for key, said in zip(node.keys, node.values, strict=True):
            name, text = text_of(look, module, key), text_of(look, module, said)
            if name is None or text is None:
                look.miss("an object's name or hash is computed", f"{module.path}:{said.lineno}")
                continue
            version, _, fingerprint = text.partition("-")
            meaning = [("version", version), ("fingerprint", fingerprint)]
            yield claim(Kind.OBJECT, name, module.path, (key or said).lineno, meaning)
