"""What is wrong with the blanks of the lines that a patch adds: the rules of git (git-config(1), core.whitespace)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.patches.model import Change, Patch

TRAILING = "end in blanks"
SPACE_BEFORE_TAB = "have a space before a tab"
MARKER = "are markers of a conflict"
RULES = {
    TRAILING: re.compile(rb"(?<![ \t\r])(?P<at>[ \t\r]+)$"),
    SPACE_BEFORE_TAB: re.compile(rb"^[ \t]*?(?P<at> )\t"),
    MARKER: re.compile(rb"^(?P<at>(<{7}|={7}|>{7}|\|{7})(?=[ \t\r]|$))"),
}


class Fault(NamedTuple):
    """Added lines of a file that have the same thing wrong with them.

    :param what: one of the rules
    :param lines: the lines of the patch file
    :param column: where it is in the first of them
    """

    what: str
    path: str
    lines: tuple[int, ...]
    column: int


def faults(patch: Patch) -> Iterator[Fault]:
    """Find blanks at ends of lines, spaces before tabs in their indents, and the markers of conflicts."""
    for change in patch.changes:
        lines = list(added(change))
        # In a file with the line ends of Windows these are no blanks.
        end = b"\r" if any(line.endswith(b"\r\n") for hunk in change.hunks for line in hunk.old) else b""
        # A row of seven `=` alone underlines a title.
        conflict = any(line.startswith((b"<" * 7, b">" * 7)) for _, line in lines)
        for what, rule in RULES.items():
            places = [
                (number, match.start("at") + 2)
                for number, line in lines
                if (match := rule.search(line.removesuffix(end))) and (what != MARKER or conflict)
            ]
            if places:
                yield Fault(what, change.path, tuple(number for number, _ in places), places[0][1])


def added(change: Change) -> Iterator[tuple[int, bytes]]:
    """Give the lines that a change adds, with their numbers in the patch file."""
    lines = change.text.split(b"\n")
    for hunk in change.hunks:
        at = hunk.line - change.line + 1
        old, new = len(hunk.old), len(hunk.new)
        while old > 0 or new > 0:
            kind = lines[at][:1]
            old -= kind not in (b"+", b"\\")
            new -= kind not in (b"-", b"\\")
            if kind == b"+":
                yield change.line + at, lines[at][1:]
            at += 1
