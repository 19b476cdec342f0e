"""RPC interfaces: the version of each, its methods with the versions that brought them, and the history it tells."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim
from stackwright.hazards.readers.microversions import entries, number_of
from stackwright.hazards.readers.values import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look
    from stackwright.hazards.readers.python import Module

VERSION = re.compile(r"\d+\.\d+")
# A manager is a very long file of which one line matters: what it says it serves.
SERVES = re.compile(r"""\bTarget\(([^()]*)\)|^[ \t]+RPC_API_VERSION\s*=\s*['"](\d+\.\d+)['"]""", re.MULTILINE)
IN_TARGET = re.compile(r"""\bversion\s*=\s*['"](\d+\.\d+)['"]""")
NAMESPACE = re.compile(r"""\bnamespace\s*=\s*['"]?([\w.-]+)""")
COMMENT = re.compile(r"^[ \t]*#[ |]*", re.MULTILINE)


def read(look: Look) -> Iterator[Claim]:
    """Give the interface of the roles ``client`` and ``server``, and what each version of it brought.

    Options: ``name``; ``class``, of the client; ``namespace``, of the server's target.
    """
    name = look.options["name"]
    server = _served(look)
    for module in look.modules("client"):
        found = module.classes.get(look.options["class"])
        if found is None:
            look.miss(f"it has no class {look.options['class']}", module.path)
            continue
        past = dict(_history(look, module, found))
        methods = dict(_methods(found))
        version = _version(look, module, found) or max([*past, *methods.values(), server or "0.0"], key=number_of)
        meaning = [("version", version), ("server", server or ""), *methods.items()]
        yield claim(Kind.RPC, name, module.path, found.lineno, meaning)
        for number, (text, line) in past.items():
            yield claim(Kind.RPC, f"{name} {number}", module.path, line, [("brought", text)])


def _served(look: Look) -> str | None:
    """Give the version that the server says it serves."""
    for path in look.paths("server"):
        for found in SERVES.finditer(look.text(path)):
            target, version = found[1], found[2]
            if target is not None:
                if "topic" in target or (
                    (namespace := NAMESPACE.search(target)) and (namespace[1] != look.options.get("namespace"))
                ):
                    continue
                if look.options.get("namespace") and not NAMESPACE.search(target):
                    continue
                said = IN_TARGET.search(target)
                version = said[1] if said else None
            if version:
                return version
        # Or it says that it serves what its client names.
        if not re.search(r"RPC_API_VERSION\s*=\s*\w+\.\w+", look.text(path)):
            look.miss("it does not tell which version it serves", path)
    return None


def _version(look: Look, module: Module, node: ast.ClassDef) -> str | None:
    """Give the version that a client says is the newest."""
    for part in node.body:
        if isinstance(part, ast.Assign) and [ast.unparse(name) for name in part.targets] == ["RPC_API_VERSION"]:
            return text_of(look, module, part.value)
    for word in ast.walk(node):
        if isinstance(word, ast.keyword) and word.arg == "version_cap":
            said = text_of(look, module, word.value)
            if said and VERSION.fullmatch(said):
                return said
    return None


def _methods(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Give each method that sends something, with the newest version that it names."""
    for part in node.body:
        if not isinstance(part, ast.FunctionDef) or part.name.startswith("_"):
            continue
        named = [
            each.value
            for each in ast.walk(part)
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and VERSION.fullmatch(each.value)
        ]
        if named:
            yield part.name, max(named, key=number_of)


def _history(look: Look, module: Module, node: ast.ClassDef) -> Iterator[tuple[str, tuple[str, int]]]:
    """Give what each version brought: of the class's docstring, of the module's, or of comments in the class."""
    for holder in (node, module.tree):
        text = (ast.get_docstring(holder, clean=False) or "").replace("|", " ")
        found = {number: (said, line) for number, said, line in entries(text, holder.body[0].lineno)}
        if found:
            yield from found.items()
            return
    lines = look.text(module.path).splitlines()[node.lineno - 1 : node.end_lineno]
    comments = "\n".join(COMMENT.sub(" ", line) if COMMENT.match(line) else "" for line in lines)
    yield from ((number, (said, line)) for number, said, line in entries(comments, node.lineno))
