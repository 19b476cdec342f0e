"""A new section of a version history, and a new entry of a list of versions, written as those before them are."""

from __future__ import annotations

import re
import textwrap

from stackwright.hazards.collisions_base import order
from stackwright.hazards.readers.microversions import history

WIDTH = 79
LABEL = re.compile(r"\.\. _[^\n]*:\s*")
ENTRY = re.compile(r"(\s*(?:\*\s*)?v?)(\d+\.\d+)(\s+-?\s*)(?=\S)")
QUOTES = re.compile("\"\"\"|'''")


def section_added(text: str, number: str, said: str) -> str:
    """Give a history (reStructuredText) with a section for a version behind that of the one before it.

    The same text comes back if that has no place of its own: the sections are not in the order of the versions.
    """
    lines = text.splitlines()
    heads = [(name, line - 1) for name, _, _, line in history(text)]
    names = [order(name) for name, _ in heads]
    lower = [at for at, name in enumerate(names) if name < order(number)]
    if not lower or names != sorted(names) or order(number) in names:
        return text
    name, head = heads[lower[-1]]
    following = [_begin(lines, line) for _, line in heads[lower[-1] + 1 :]]
    end = following[0] if following else len(lines)
    section = lines[head + 2 : end]
    first = next((line for line in section if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    label = lines[_begin(lines, head)] if _begin(lines, head) < head else ""
    body = _wrapped(said if said.endswith((".", "!", "?")) else f"{said}.", indent, indent)
    new = [label.replace(name, number), ""] if label else []
    new += [number, lines[head + 1][:1] * len(number)]
    new += [""] if section[:1] == [""] else []
    new += body
    above = [*_stripped(lines[:end]), ""]
    below = ["", *lines[end:]] if following else []
    return "\n".join([*above, *new, *below]) + "\n"


def entry_added(text: str, number: str, said: str) -> str:
    """Give a module with an entry for a version in its list, a text, behind that of the one before it.

    The same text comes back if that has no place of its own.
    """
    lines = text.split("\n")
    entries = [(match, at) for at, line in enumerate(lines) if (match := ENTRY.match(line))]
    longest = max((sum(other[1] == match[1] for other, _ in entries) for match, _ in entries), default=0)
    # Others, such as of a comment, do not begin alike.
    alike = [(match, at) for match, at in entries if sum(other[1] == match[1] for other, _ in entries) == longest]
    lower = [(match, at) for match, at in alike if order(match[2]) < order(number)]
    if not lower or any(match[2] == number for match, _ in alike):
        return text
    match, at = max(lower, key=lambda each: order(each[0][2]))
    end = at + 1
    while end < len(lines) and lines[end].strip() and _depth(lines[end]) > _depth(lines[at]):
        end += 1
    if any(QUOTES.search(line) for line in lines[at:end]):
        return text
    begin = f"{match[1]}{number}{match[3]}"
    short = said.removesuffix(".") if ". " not in said else said
    return "\n".join([*lines[:end], *_wrapped(short, begin, " " * len(begin)), *lines[end:]])


def _begin(lines: list[str], head: int) -> int:
    """Give the line that a section begins in: that of its label, if it has one."""
    at = head - 1
    while at > 0 and not lines[at].strip():
        at -= 1
    return at if at >= 0 and LABEL.fullmatch(lines[at]) else head


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _stripped(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def _wrapped(said: str, begin: str, indent: str) -> list[str]:
    return textwrap.wrap(
        said, WIDTH, initial_indent=begin, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
