"""Files with conflict markers in them, as lines and conflicts, and what a person has made of them as hunks."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeAlias

from stackwright.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

USUAL = 7  # characters of a marker
RUN = re.compile(rb"^(?:<{7,}|\|{7,}|={7,}|>{7,})", re.MULTILINE)
CONTEXT = 3
NO_END = b"\n\\ No newline at end of file\n"
SIDES = (b"<", b"|", b"=", b">")
LABELS = (b"upstream", b"before", b"", b"patch")


@dataclass(frozen=True)
class Clash:
    """A place of a file where two changes meet: the lines of each side, and those that both come from."""

    upstream: tuple[bytes, ...]
    before: tuple[bytes, ...]
    patch: tuple[bytes, ...]


# A file with markers: its lines with their ends, and what the markers enclose.
Token: TypeAlias = bytes | Clash


@dataclass(frozen=True)
class Edit:
    """What a person has changed in one place of such a file.

    :param line: where it begins, in lines as they are with markers of the usual form, from 1
    :param old: what is there before, with some context
    :param new: the lines that are there afterwards, with the same context
    :param leading: how many tokens at the beginning are context
    :param trailing: how many at the end are
    """

    line: int
    old: tuple[Token, ...]
    new: tuple[bytes, ...]
    leading: int
    trailing: int


def marker_size(contents: Iterable[bytes]) -> int:
    """Give the least length of markers, from the usual one, that no line of these files can be taken for."""
    taken = {len(run) for content in contents for run in RUN.findall(content)}
    return next(size for size in range(USUAL, USUAL + len(taken) + 1) if size not in taken)


def read_marked(content: bytes, size: int) -> tuple[Token, ...]:
    """Take a file with markers of a size apart.

    :raises ValueError: the markers do not come as they should
    """
    tokens: list[Token] = []
    parts: list[list[bytes]] = []
    for line in lines_of(content):
        side = marker_of(line, size)
        if side is None:
            (parts[-1] if parts else tokens).append(line)
        elif side != len(parts):
            raise ValueError(line)
        elif side < len(SIDES) - 1:
            parts.append([])
        else:
            upstream, before, patch = map(tuple, parts)
            tokens.append(Clash(upstream, before, patch))
            parts = []
    if parts:
        raise ValueError(content)
    return tuple(tokens)


def written(tokens: Iterable[Token], size: int) -> tuple[bytes, ...]:
    """Give the lines of a file with its markers."""
    found: list[bytes] = []
    for token in tokens:
        if isinstance(token, bytes):
            found.append(token)
            continue
        marks = [(mark * size + b" " + label).rstrip() + b"\n" for mark, label in zip(SIDES, LABELS, strict=True)]
        for mark, lines in zip(marks, (token.upstream, token.before, token.patch, ()), strict=True):
            found += [mark, *lines]
    return tuple(found)


def left_over(content: bytes, size: int) -> int | None:
    """Give the first line, from 1, that is a marker of this size; None if there is none."""
    lines = enumerate(lines_of(content), start=1)
    return next((number for number, line in lines if marker_of(line, size) is not None), None)


def marker_of(line: bytes, size: int) -> int | None:
    """Give which of the four markers a line is, from 0; None if it is none."""
    for number, mark in enumerate(SIDES):
        if line.startswith(mark * size) and line[size : size + 1] in (b" ", b"\r", b"\n", b""):
            return number
    return None


def lines_of(content: bytes) -> list[bytes]:
    """Give the lines of a file with their ends, which are line feeds only."""
    *lines, last = content.split(b"\n")
    return [line + b"\n" for line in lines] + ([last] if last else [])


def key_of(clashes: Iterable[Clash]) -> str:
    """Give what conflicts are known by: their sides, whatever the file, the lines and the labels of the markers."""
    sha = hashlib.sha256()
    for clash in clashes:
        for lines in (clash.upstream, clash.before, clash.patch):
            content = b"".join(lines)
            sha.update(b"%d %d\n%s" % (len(lines), len(content), content))
    return sha.hexdigest()


def edits(tokens: Sequence[Token], lines: Sequence[bytes]) -> tuple[Edit, ...]:
    """Give what is changed from a file with markers to a file without; a conflict is replaced as a whole."""
    start = _common(tokens, lines)
    end = _common(tokens[start:][::-1], lines[start:][::-1])
    first = max(0, start - CONTEXT)
    after = max(0, end - CONTEXT)
    old, new = tokens[first : len(tokens) - after], lines[first : len(lines) - after]
    number = 1 + len(written(tokens[:first], USUAL))
    found = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT):
        (head, a, _, c, _), (tail, _, b, _, d) = group[0], group[-1]
        leading = group[0][2] - a if head == "equal" else 0
        trailing = b - group[-1][1] if tail == "equal" else 0
        line = number + len(written(old[:a], USUAL))
        found.append(Edit(line, tuple(old[a:b]), tuple(new[c:d]), leading, trailing))
    return tuple(found)


def edited(tokens: Sequence[Token], changes: Sequence[Edit]) -> tuple[bytes, ...] | None:
    """Make the same edits in a file with markers. None if one has no place in it, or more than one, or does not do.

    An edit of a conflict is found by the conflict, without its context; any other by all of its lines.
    """
    found: list[Token] = []
    at = 0
    for edit in changes:
        old, new = edit.old, edit.new
        if any(isinstance(token, Clash) for token in old):
            end = len(old) - edit.trailing
            old, new = old[edit.leading : end], new[edit.leading : len(new) - edit.trailing]
            place = next(_places(tokens, old, at), None)
        else:
            places = list(_places(tokens, old, 0))
            place = places[0] if len(places) == 1 and places[0] >= at else None
        if place is None or not old:
            return None
        found += [*tokens[at:place], *new]
        at = place + len(old)
    found += tokens[at:]
    lines = tuple(token for token in found if isinstance(token, bytes))
    return lines if len(lines) == len(found) else None


def section(path: str, changes: Sequence[Edit], size: int, *, new: bool = False) -> bytes:
    """Write edits of a file as a unified diff.

    :param new: the file is made
    """
    name = path.encode("utf-8", "surrogateescape")
    found = [b"--- %s\n" % (b"/dev/null" if new else _quoted(b"a/" + name)), b"+++ %s\n" % _quoted(b"b/" + name)]
    shift = 0
    for edit in changes:
        end = len(edit.old) - edit.trailing
        old = written(edit.old, size)
        head = written(edit.old[: edit.leading], size)
        gone = written(edit.old[edit.leading : end], size)
        tail = written(edit.old[end:], size)
        made = edit.new[edit.leading : len(edit.new) - edit.trailing]
        places = [edit.line if old else edit.line - 1, len(old), edit.line + shift, len(edit.new)]
        places[2] -= 0 if edit.new else 1
        found.append(b"@@ -%d,%d +%d,%d @@\n" % tuple(places))
        for sign, lines in ((b" ", head), (b"-", gone), (b"+", made), (b" ", tail)):
            found += [
                sign + line + (b"" if line.endswith(b"\n") else b"\n\\ No newline at end of file\n") for line in lines
            ]
        shift += len(edit.new) - len(old)
    return b"".join(found)


def read_edit(line: int, old: Sequence[bytes], new: Sequence[bytes], leading: int, trailing: int, size: int) -> Edit:
    """Take up an edit as `section` has written it.

    :raises InputError: its markers are damaged
    """
    try:
        return Edit(line, read_marked(b"".join(old), size), tuple(new), leading, trailing)
    except ValueError:
        raise InputError("the markers of a conflict are damaged") from None


def _quoted(path: bytes) -> bytes:
    """Give a name as git writes it in a diff (core.quotePath of git-config(1))."""
    if re.fullmatch(rb"[ !#-\[\]-~]+", path):
        return path
    return b'"%s"' % re.sub(rb"[^ !#-\[\]-~]", lambda match: b"\\%03o" % match[0][0], path)


def _common(first: Sequence[Token], second: Sequence[Token]) -> int:
    count = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        count += 1
    return count


def _places(tokens: Sequence[Token], wanted: Sequence[Token], start: int) -> Iterator[int]:
    count = len(wanted)
    return (at for at in range(start, len(tokens) - count + 1) if tokens[at : at + count] == wanted)
