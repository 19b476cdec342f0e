"""Paths as diffs write them."""

from __future__ import annotations

import re

NOWHERE = b"/dev/null"
ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
# GNU diff puts a tab before the time; some tools put spaces.
TIME = re.compile(rb"(\t.*|\s+\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*)$")
EPOCH = re.compile(rb"\b19(70-01-01|69-12-31) ")


def unquoted(name: bytes) -> bytes:
    """Give a name that may be quoted as C strings are (core.quotePath of git-config(1)) as it is meant."""
    match = QUOTED.fullmatch(name)
    if match is None:
        return name

    def meant(escape: re.Match[bytes]) -> bytes:
        code = escape[1].decode("latin-1")
        return bytes([int(code, 8) & 0xFF if len(code) == 3 else ESCAPES.get(code, ord(code))])

    return re.sub(rb"\\([0-7]{3}|.)", meant, match[1], flags=re.DOTALL)


def after_dashes(line: bytes) -> bytes:
    """Give the name in a ``--- NAME`` or ``+++ NAME`` line, without the time that may follow it."""
    name = line[4:].rstrip(b"\r\n")
    quoted = QUOTED.match(name)
    return unquoted(quoted[0]) if quoted else TIME.sub(b"", name)


def at_the_epoch(line: bytes) -> bool:
    """Tell whether GNU diff says by its time that the file of a ``---`` or ``+++`` line does not exist."""
    return EPOCH.search(line) is not None


def in_git_line(line: bytes, strip: int) -> tuple[bytes, bytes] | None:
    """Give the two names of a ``diff --git`` line; unless they are quoted, they are the same but for a prefix."""
    rest = line[len(b"diff --git ") :].rstrip(b"\r\n")
    quoted = QUOTED.match(rest)
    if quoted:
        return unquoted(quoted[0]), unquoted(rest[quoted.end() + 1 :])
    if rest.endswith(b'"'):
        first, _, _ = rest.partition(b' "')
        return first, unquoted(rest[len(first) + 1 :])
    for space in (index for index, byte in enumerate(rest) if byte == ord(" ")):
        first, second = rest[:space], rest[space + 1 :]
        if stripped(first, strip) is not None and stripped(first, strip) == stripped(second, strip):
            return first, second
    return None


def stripped(name: bytes, count: int) -> str | None:
    """Take leading parts from a name; None if it has not so many. Bytes that are not UTF-8 become surrogates.

    What is absolute behind those parts stays so: nobody writes ``b//etc/passwd`` by accident.
    """
    parts = name.split(b"/")
    if len(parts) <= count or not parts[-1]:
        return None
    first, *others = parts[count:]
    return b"/".join([first, *(part for part in others if part)]).decode("utf-8", "surrogateescape")
