"""What ``git apply --verbose`` says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.patches import names
from stackwright.patches.model import Offset

if TYPE_CHECKING:
    from collections.abc import Iterable

CHECKING = re.compile(r"Checking patch (?:.* => )?(.*)\.\.\.")
MOVED = re.compile(r"Hunk #(\d+) succeeded at \d+ \(offset (-?\d+) lines?\)")


def moved_hunks(said: bytes, changes: Iterable[int]) -> list[tuple[Offset, ...]]:
    """Give, for each patch, the hunks that applied elsewhere than at the lines they name.

    :param said: its standard error, on the whole of the patches
    :param changes: how many files each patch changes, in order
    """
    moved: list[list[Offset]] = []
    path = ""
    for line in said.decode("utf-8", "surrogateescape").splitlines():
        if match := CHECKING.fullmatch(line):
            path = names.unquoted(match[1].encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
            moved.append([])
        elif moved and (match := MOVED.match(line)):
            moved[-1].append(Offset(path, int(match[1]), int(match[2])))
    found = []
    at = 0
    for count in changes:
        found.append(tuple(offset for each in moved[at : at + count] for offset in each))
        at += count
    return found
