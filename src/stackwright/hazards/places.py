"""Where a claim is written: the line of the patch file, and the commit of upstream's history."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING

from stackwright.errors import StackwrightError
from stackwright.tools import git
from stackwright.tools.git_history import NO_FILE, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stackwright.hazards.model import Claim
    from stackwright.patches.model import Change, Hunk, Offset, Patch
    from stackwright.sources.bases import Base

NEW_START = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)")
MOST_STEPS = 50  # of the history of a file that are looked through for the commit that brought a line


def in_patch(patch: Patch, root: Path, offsets: Sequence[Offset]) -> Callable[[Claim], str]:
    """Give what gives the line of a patch that writes a claim: ``patches/nova/2025.1/x.patch:31``.

    Where none does, it is that of the first change of the same file, or the patch alone.

    :param root: the distribution
    :param offsets: the hunks that moved when the patch was applied
    """
    return partial(_in_patch, patch, root, {(each.path, each.hunk): each.lines for each in offsets})


def in_history(base: Base, claim: Claim) -> str:
    """Give the commit that brought the line that a claim stands in; empty where that cannot be told.

    It is the first of the unbroken row of commits, up to the tip, that have this line in the file.
    """
    if base.commit is None or not claim.path:
        return ""
    try:
        lines = (base.store.read(base.tree, claim.path) or b"").splitlines()
        line = lines[claim.line - 1] if 0 < claim.line <= len(lines) else b""
        history = steps(base.store.directory, base.commit, [claim.path])[:MOST_STEPS]
        blobs = [step.changes[0].blob for step in history if step.changes and step.changes[0].mode != NO_FILE]
        base.store.need(blobs)
        contents = git.blobs(base.store.directory, blobs)
    except StackwrightError:
        return ""  # the history is further away than the network reaches: the release says enough
    found = ""
    for step, content in zip(history, contents, strict=False):
        if line not in (content or b"").splitlines():
            break
        found = step.commit
    return found


def _in_patch(patch: Patch, root: Path, moved: dict[tuple[str, int], int], claim: Claim) -> str:
    assert patch.file is not None
    file = os.path.relpath(patch.file.resolve(), root.resolve())
    change = next((change for change in patch.changes if change.new == claim.path), None)
    if change is None:
        return file
    for number, hunk in enumerate(change.hunks, start=1):
        line = _line_in(change, hunk, claim.line - moved.get((claim.path, number), 0))
        if line:
            return f"{file}:{line}"
    return f"{file}:{change.hunks[0].line if change.hunks else change.line}"


def _line_in(change: Change, hunk: Hunk, wanted: int) -> int | None:
    """Give the line of the patch file that makes a line of the new file."""
    start = NEW_START.match(hunk.header)
    if start is None:
        return None
    new = int(start[1])
    body = change.text.split(b"\n")[hunk.line - change.line + 1 :]
    for number, text in enumerate(body, start=hunk.line + 1):
        if new >= int(start[1]) + len(hunk.new):
            return None
        if text[:1] in (b"+", b" ", b""):
            if new == wanted:
                return number
            new += 1
    return None
