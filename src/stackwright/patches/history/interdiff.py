"""The difference between two patches: what one changes that the other does not, file by file."""

from __future__ import annotations

import difflib
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stackwright.patches.model import Change


def difference(carried: Iterable[Change], merged: Iterable[Change]) -> str:
    """Give the difference of two patches as a diff of the lines they take away (-) and add (+); empty if there is none.

    Where the lines are in their files, and what is around them, does not count.
    """
    ours, theirs = _by_path(carried), _by_path(merged)
    text = ""
    for path in sorted({*ours, *theirs}):
        lines = difflib.unified_diff(
            ours.get(path, []), theirs.get(path, []), f"carried/{path}", f"merged/{path}", lineterm=""
        )
        text += "".join(f"{line}\n" for line in lines)
    return text


def differing(text: str) -> int:
    """Count the lines that differ, in what `difference` gives."""
    names = ("--- carried/", "+++ merged/")
    return sum(line.startswith(("+", "-")) and not line.startswith(names) for line in text.splitlines())


def alike(carried: Iterable[Change], merged: Iterable[Change]) -> tuple[int, int]:
    """Count the lines that both patches change in the same way, and those that one adds and the other takes away."""
    ours, theirs = _lines(carried), _lines(merged)
    turned = Counter({("-" if line[0] == "+" else "+") + line[1:]: count for line, count in theirs.items()})
    return (ours & theirs).total(), (ours & turned).total()


def _lines(changes: Iterable[Change]) -> Counter[str]:
    return Counter(line for change in changes for line in _changed(change) if line[1:].strip() and line[0] in "+-")


def _by_path(changes: Iterable[Change]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for change in changes:
        found.setdefault(change.path, []).extend(_changed(change))
    return found


def _changed(change: Change) -> list[str]:
    """Give what a patch does to a file: its name and mode, where they change, and its lines that are no context."""
    lines = change.text.decode("utf-8", "backslashreplace").splitlines()
    first = next((number for number, line in enumerate(lines) if line.startswith(("@@ ", "GIT binary"))), len(lines))
    words = ("rename ", "copy ", "new file", "deleted file", "old mode", "new mode")
    kept = [line for line in lines[:first] if line.startswith(words)]
    if change.binary:
        return [*kept, *lines[first:]]
    return [*kept, *(line for line in lines[first:] if line.startswith(("+", "-")))]
