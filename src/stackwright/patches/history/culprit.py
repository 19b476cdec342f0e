"""The part of an upstream commit that is in the way of a patch."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from stackwright.patches.parse import parse
from stackwright.tools import git, git_history
from stackwright.tools.git_history import NO_FILE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stackwright.patches.conflict import Problem
    from stackwright.patches.model import Change, Hunk, Patch
    from stackwright.store import CommitId, Store

LONGEST = 80  # lines of a file's part


def moved(store: Store, commit: CommitId, paths: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Tell which of these files a commit has moved, and where to."""
    changes = git_history.changes_of(store.directory, commit)
    gone = [change for change in changes if change.mode == NO_FILE and change.path in paths]
    made = [change for change in changes if change.old_mode == NO_FILE]
    if not gone or not made:
        return ()
    store.need({change.old_blob for change in gone} | {change.blob for change in made})
    names = [change.path for change in (*gone, *made)]
    diff = git_history.diff_of(store.directory, git_history.parent_of(store.directory, commit), commit, names)
    renames = [(change.old, change.new) for change in parse(diff).changes if not change.copied]
    return tuple((old, new) for old, new in renames if old in paths and new is not None and old is not None
                 and old != new)  # fmt: skip


def part(store: Store, commit: CommitId, patch: Patch, problems: Sequence[Problem], renamed: Mapping[str, str]) -> str:
    """Give what a commit changes in the lines that the hunks of a patch need which do not apply after it."""
    parent = git_history.parent_of(store.directory, commit)
    failing = {problem.path for problem in problems}
    theirs = {path: change for change in patch.changes for path in (change.old, change.new)
              if path and change.path in failing}  # fmt: skip
    paths = [*theirs, *(renamed[path] for path in theirs if path in renamed)]
    touched = [change for change in git_history.changes_of(store.directory, commit) if change.path in paths]
    if not touched:
        return ""
    store.need({blob for change in touched for blob in (change.old_blob, change.blob) if blob.strip("0")})
    found = []
    for change in parse(git_history.diff_of(store.directory, parent, commit, paths)).changes:
        mine = theirs.get(change.old or change.new or "")
        numbers = {problem.hunk for problem in problems if mine and problem.path == mine.path}
        needed = [hunk for at, hunk in enumerate(mine.hunks, start=1) if at in numbers] if mine else []
        (content,) = git.blobs(store.directory, [f"{parent}:{change.old}"])
        found.append(_shown(change, _in_the_way(change, needed, content or b"")))
    return "".join(found)


def _in_the_way(change: Change, needed: Sequence[Hunk], content: bytes) -> list[Hunk]:
    """Give the hunks of a commit that change lines which a patch needs; all of them if it cannot be told."""
    lines = content.split(b"\n")
    places = [place for hunk in needed if (place := _place(hunk, lines))]
    near = [hunk for hunk in change.hunks if any(_meet(hunk, place) for place in places)]
    return near or list(change.hunks)


def _place(hunk: Hunk, lines: Sequence[bytes]) -> range | None:
    """Give where the lines of a hunk are in a file, counted from 1."""
    if not hunk.old:
        return None
    wanted = [line.removesuffix(b"\n") for line in hunk.old]
    starts = (at for at, line in enumerate(lines) if line == wanted[0] and lines[at : at + len(wanted)] == wanted)
    at = min(starts, key=lambda start: abs(start + 1 - hunk.old_start), default=None)
    return None if at is None else range(at + 1, at + 1 + len(wanted))


def _meet(hunk: Hunk, place: range) -> bool:
    """Tell whether a hunk changes a line of a place, or adds some between two of them."""
    first, last = hunk.old_start + hunk.leading, hunk.old_start + len(hunk.old) - hunk.trailing
    if first == last:  # it only adds: before the line `first`
        return place.start < first < place.stop
    return first < place.stop and last > place.start


def _shown(change: Change, hunks: Sequence[Hunk]) -> str:
    lines = change.text.decode("utf-8", "backslashreplace").splitlines(keepends=True)
    bounds = [*(hunk.line - change.line for hunk in change.hunks), len(lines)]
    kept = [line for line in lines[: bounds[0]] if not line.startswith("index ")]
    for hunk, (start, end) in zip(change.hunks, pairwise(bounds), strict=True):
        if hunk in hunks:
            kept += lines[start:end]
    if len(kept) > LONGEST:
        kept = [*kept[:LONGEST], f"... {len(kept) - LONGEST} more lines\n"]
    return "".join(kept)
