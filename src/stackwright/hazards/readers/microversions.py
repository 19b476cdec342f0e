"""Microversions: their meaning in a history (reStructuredText), a line each in Python, and the newest."""

from __future__ import annotations

import ast
import itertools
import re
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim
from stackwright.hazards.readers.python import Point, UnknownError, called
from stackwright.hazards.readers.values import text_of, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look
    from stackwright.hazards.readers.python import Module

HEADING = re.compile(r"v?(\d+\.\d+)\b[\s:.-]*(.*)")
UNDERLINE = re.compile(r"([-=~^*+\"'])\1{2,}\s*")
# What is said behind a number changes when a release ends: "(Maximum in 2026.2 Hibiscus)".
ENDED = re.compile(r"\s*\([^()]*\)\s*$")
LABEL = re.compile(r"^\.\. _[^\n]*:\s*$", re.MULTILINE)
ENTRY = re.compile(r"^\s*(?:\*\s*)?v?(\d+\.\d+)\s+-?\s*(\S.*)$")


def read(look: Look) -> Iterator[Claim]:
    """Give the microversions of the roles ``history`` and ``summary``, and the newest, of the role ``maximum``.

    Options: ``major`` for an API whose numbers are written without it; ``summary``: the name of the text that has the
    lines, or with ``*`` behind it of constants that are named by what they bring; ``maximum``: the name of the newest,
    of a list whose last it is, or of a function that gives it; ``minimum``: of the oldest; ``call``: of a
    function that each one is given to.
    """
    told: dict[str, tuple[str, str, int]] = {}  # of each number: title, file, line
    for module in look.modules("summary"):
        told |= {number: (title, module.path, line) for number, title, line in summary(look, module)}
    texts: dict[str, tuple[str, str, str, int]] = {}
    for path in look.paths("history"):
        for number, title, text, line in history(look.text(path)):
            texts.setdefault(number, (title, text, path, line))
    for number in {**texts, **told}:
        short, path, line = told.get(number, ("", "", 0))
        title, text, path, line = texts.get(number, ("", "", path, line))
        title = short or title or first_sentence(text)
        yield claim(Kind.MICROVERSION, number, path, line, [("title", title), ("text", text)])
    yield from _newest(look)


def history(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Give of each number that heads a section: title, text and line."""
    lines = text.splitlines()
    heads = [
        (at, heading)
        for at, (line, below) in enumerate(itertools.pairwise(lines))
        if UNDERLINE.fullmatch(below) and (heading := HEADING.fullmatch(line.strip()))
    ]
    ends = [at for at, below in enumerate(lines[1:]) if UNDERLINE.fullmatch(below) and lines[at].strip()]
    for at, heading in heads:
        end = next((other for other in ends if other > at), len(lines))
        body = LABEL.sub("", "\n".join(lines[at + 2 : end]))
        yield heading[1], ENDED.sub("", heading[2]).strip(), " ".join(body.split()), at + 1


def first_sentence(text: str) -> str:
    """Give what a text says first."""
    return re.split(r"(?<=\.)\s", text, maxsplit=1)[0]


def summary(look: Look, module: Module) -> Iterator[tuple[str, str, int]]:
    """Give of each number in the list of a module: what it brings, and the line."""
    wanted = look.options.get("summary", "REST_API_VERSION_HISTORY")
    if wanted.endswith("*"):
        constant = re.compile(re.escape(wanted[:-1]) + r"(\d+)_(\w+)")
        for name, given in module.top.items():
            found = constant.fullmatch(name)
            if found:
                yield f"{look.options.get('major', '1')}.{found[1]}", found[2], given.lineno
        return
    node = module.top.get(wanted)
    text = text_of(look, module, node)
    if node is None or text is None:
        look.miss(f"it has no text {wanted}", module.path)
        return
    yield from entries(text, node.lineno)


def entries(text: str, line: int) -> Iterator[tuple[str, str, int]]:
    """Give the entries of a list ``* 2.1 - what it brings``, which go on in deeper lines."""
    number, said, begin, indent = "", "", 0, 0
    for at, row in enumerate(text.splitlines()):
        entry = ENTRY.fullmatch(row)
        deep = len(row) - len(row.lstrip())
        if entry and (not number or deep <= indent):
            if number:
                yield number, said, line + begin
            number, said, begin, indent = entry[1], entry[2], at, deep
        elif row.strip() and number and deep > indent:
            said += f" {row.strip()}"
        elif number:
            yield number, said, line + begin
            number = ""
    if number:
        yield number, said, line + begin


def _newest(look: Look) -> Iterator[Claim]:
    wanted, call = look.options.get("maximum", ""), look.options.get("call")
    for module in look.modules("maximum"):
        if call:
            numbers: dict[str, int] = {}
            for each in module.calls:
                number = text_of(look, module, each.args[0]) if called(each) == call and each.args else None
                if number:
                    numbers.setdefault(number, each.lineno)
            for number, line in numbers.items():
                yield claim(Kind.MICROVERSION, number, module.path, line)
            newest = max(numbers, key=number_of, default=None)
            node: ast.expr | None = None
            line = numbers.get(newest, 0) if newest else 0
        else:
            node = module.assigned.get(wanted) or _returned(module, wanted)
            newest, line = _version(look, module, node), node.lineno if node else 0
        if newest is None:
            look.miss(f"it does not tell {wanted or call}", module.path)
            continue
        major = look.options.get("major")
        newest = f"{major}.{newest}" if major and "." not in newest else newest
        oldest = _version(look, module, module.assigned.get(look.options.get("minimum", ""))) or ""
        yield claim(Kind.NEWEST, "microversion", module.path, line, [("version", newest), ("oldest", oldest)])


def _returned(module: Module, name: str) -> ast.expr | None:
    function = module.functions.get(name)
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)] if function else []
    return returns[-1].value if returns else None


def _version(look: Look, module: Module, node: ast.expr | None) -> str | None:
    if node is None:
        return None
    try:
        found = value(look, Point(module, node))
    except UnknownError:
        return None
    if isinstance(found, list):
        found = found[-1] if found else None
    return None if found is None else str(found).removeprefix("v")


def number_of(version: str) -> tuple[int, ...]:
    """Give a version as numbers, for its order."""
    return tuple(int(part) for part in re.findall(r"\d+", version))
