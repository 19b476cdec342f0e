"""How conflicts were resolved: kept in the distribution, a file each, and used where the same conflict comes again.

A conflict is known by its lines (those of upstream, of the patch, and those that both come from), not by its file, its
place or its release. A resolution is a diff from a file with markers to the file that a person has made of it.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.patches.parse import parse
from stackwright.patches.rebasing import marked
from stackwright.patches.rebasing.marked import Clash, Edit, Token
from stackwright.store import TreeId
from stackwright.tools import git, git_merge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stackwright.patches.model import Change
    from stackwright.store import Entry, Store
    from stackwright.tools.git_merge import Merge, Stage

FOLDER = ".resolutions"
SUFFIX = ".diff"
INTRODUCTION = "How a conflict was resolved. `stackwright patch rebase` does the same where it comes again."
FILE = "File: "
ID_LENGTH = 16
UPSTREAM, PATCH, BEFORE = 2, 3, 1  # the stages
PART = re.compile(r"([0-9a-f]{64}|-) (\w+) ([0-7]{6}|-) (\".*\")")


class How(StrEnum):
    """What became of a file."""

    EDITED = "edited"
    UPSTREAM = "upstream"
    PATCH = "patch"
    BEFORE = "before"
    CONTENT = "content"
    EMPTY = "empty"
    DELETED = "deleted"


STAGES = {How.UPSTREAM: UPSTREAM, How.PATCH: PATCH, How.BEFORE: BEFORE}


@dataclass(frozen=True)
class Conflict:
    """A file that a merge leaves open.

    :param key: what it is known by
    :param tokens: the merged file; None if it is not text that both sides have
    """

    path: str
    stages: tuple[Stage, ...]
    key: str
    tokens: tuple[Token, ...] | None

    def stage(self, number: int) -> Stage | None:
        """Give one side of it."""
        return next((stage for stage in self.stages if stage.number == number), None)

    def __str__(self) -> str:
        """Give what is in the way, for a person."""
        if self.tokens is not None:
            count = sum(isinstance(token, Clash) for token in self.tokens)
            return f"{self.path}: {count} {'places' if count > 1 else 'place'}"
        numbers = {stage.number for stage in self.stages}
        what = {
            frozenset({BEFORE, PATCH}): "the patch changes it, upstream has deleted or renamed it",
            frozenset({BEFORE, UPSTREAM}): "the patch deletes or renames it, upstream has changed it",
            frozenset({UPSTREAM, PATCH}): "both add it",
            frozenset({BEFORE, UPSTREAM, PATCH}): "both change it, and it is not text",
        }
        return f"{self.path}: {what.get(frozenset(numbers), 'both rename it')}"


@dataclass(frozen=True)
class Part:
    """What became of one file.

    :param key: of its conflict; empty for a file that was changed along with those in conflict
    :param mode: of what is its content now
    :param edits: from the merged file to what it is now; for a content as a whole, one that makes it
    """

    path: str
    key: str
    how: How
    mode: str = ""
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class About:
    """Where a resolution comes from.

    :param release: that the patch was brought to
    :param by: ``Name <address>``, or ``somebody``
    :param date: ``2026-11-20``
    """

    component: str
    patch: str
    release: str
    by: str
    date: str

    def __str__(self) -> str:
        """Give it in words."""
        return f"as resolved for {self.release} by {self.by.partition(' <')[0]} on {self.date}"


@dataclass(frozen=True)
class Resolution:
    """How a conflict was resolved, or some that belong together."""

    about: About
    parts: tuple[Part, ...]

    @property
    def id(self) -> str:
        """What it is named by: the conflicts that it is for."""
        keys = "\n".join(sorted(part.key for part in self.parts if part.key))
        return hashlib.sha256(keys.encode()).hexdigest()[:ID_LENGTH]

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it was made in."""
        return tuple(part.path for part in self.parts)


@dataclass(frozen=True)
class Replayed:
    """What resolutions have made of a merge.

    :param tree: the merged tree with all that they resolve
    :param left: what is still in conflict
    :param used: those that had a part in it
    """

    tree: TreeId
    left: tuple[Conflict, ...]
    used: tuple[Resolution, ...]


def conflicts_of(store: Store, merge: Merge, size: int) -> tuple[Conflict, ...]:
    """Give what a merge leaves open.

    :param size: of markers that are in none of the files, as `size_of` gives it
    """
    return tuple(_conflict(store, path, stages, size) for path, stages in merge.stages.items())


def size_of(store: Store, merge: Merge) -> int:
    """Give the size of markers that are in none of the files in conflict."""
    blobs = [stage.blob for stages in merge.stages.values() for stage in stages]
    return marked.marker_size(content for content in git.blobs(store.directory, blobs) if content)


def resolutions_of(
    store: Store, merged: TreeId, conflicts: Sequence[Conflict], resolved: TreeId, about: About
) -> tuple[Resolution, ...]:
    """Give the resolutions that a person has made, from the tree that was left open to the one that has become of it.

    Conflicts are independent of each other if they are in text and nothing else was changed; else they are one.
    """
    before, after = store.entries(merged), store.entries(resolved)
    parts = [_part_of_conflict(store, conflict, before, after) for conflict in conflicts]
    known = {conflict.path for conflict in conflicts}
    along = [path for path in sorted({*before, *after} - known) if before.get(path) != after.get(path)]
    if not along and all(part.how == How.EDITED for part in parts):
        return tuple(Resolution(about, (part,)) for part in parts)
    parts += [_part_along(store, path, before.get(path), after.get(path)) for path in along]
    return (Resolution(about, tuple(parts)),)


def replay(store: Store, merged: TreeId, conflicts: Sequence[Conflict], resolutions: Iterable[Resolution]) -> Replayed:
    """Resolve as was resolved before whatever can be; one that does not fit in every part is not used."""
    tree, left, used = merged, tuple(conflicts), []
    for resolution in sorted(resolutions, key=lambda resolution: -len(resolution.parts)):
        changes = _changes(store, tree, left, resolution)
        if changes is not None:
            tree = TreeId(git_merge.changed_tree(store.directory, tree, changes))
            left = tuple(conflict for conflict in left if conflict.path not in changes)
            used.append(resolution)
    return Replayed(tree, left, tuple(used))


def write_resolution(resolution: Resolution) -> bytes:
    """Give the file of a resolution."""
    about = resolution.about
    lines = [line for part in resolution.parts for edit in part.edits for line in (*_all_lines(edit.old), *edit.new)]
    size = marked.marker_size(lines)
    head = [INTRODUCTION, f"Component: {about.component}", f"Patch: {about.patch}", f"Release: {about.release}"]
    head += [f"By: {about.by}", f"Date: {about.date}", f"Markers: {size}"]
    head += [
        f"{FILE}{part.key or '-'} {part.how} {part.mode or '-'} {json.dumps(part.path)}" for part in resolution.parts
    ]
    body = b"".join(
        marked.section(part.path, part.edits, size, new=part.how == How.CONTENT)
        for part in resolution.parts
        if part.edits
    )
    text = "".join(f"{line}\n" for line in head).encode("utf-8", "surrogateescape")
    return text + f"Digest: {_digest(text, body)}\n\n".encode() + body


def read_resolution(file: Path) -> Resolution:
    """Read the file of a resolution.

    :raises InputError: it is not as it was written
    """
    data = file.read_bytes()
    head, _, body = data.partition(b"\n\n")
    text, _, last = head.rpartition(b"\n")
    text += b"\n"
    if last != f"Digest: {_digest(text, body)}".encode():
        raise _damaged(file, "it is not what was written: its digest is another")
    lines = text.decode("utf-8", "surrogateescape").splitlines()
    files = [line.removeprefix(FILE) for line in lines if line.startswith(FILE)]
    try:
        fields = dict(line.split(": ", 1) for line in lines[1:])
        size = int(fields["Markers"])
        about = About(*(fields[key] for key in ("Component", "Patch", "Release", "By", "Date")))
        changes = iter(parse(body, name=file.name).changes if body else ())
        resolution = Resolution(about, tuple(_read_part(line, changes, size) for line in files))
    except (KeyError, ValueError, StopIteration, InputError) as error:
        raise _damaged(file, f"it cannot be read: {error}") from error
    if resolution.id != file.stem:
        raise _damaged(file, f"it is for the conflict {resolution.id}, and its name says another")
    return resolution


def read_resolutions(folder: Path) -> tuple[Resolution, ...]:
    """Read every resolution in a folder, which need not be there.

    :raises InputError: one is damaged
    """
    return tuple(read_resolution(file) for file in files_of(folder))


def files_of(folder: Path) -> list[Path]:
    """Give the files of the resolutions in a folder, which need not be there."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def _conflict(store: Store, path: str, stages: tuple[Stage, ...], size: int) -> Conflict:
    sides = {stage.number: stage for stage in stages}
    regular = all(stage.mode in git_merge.REGULAR for stage in stages)
    if regular and {UPSTREAM, PATCH} <= sides.keys():
        blobs = [sides[number].blob if number in sides else None for number in (UPSTREAM, BEFORE, PATCH)]
        found = iter(git.blobs(store.directory, (blob for blob in blobs if blob)))
        upstream, before, patch = (next(found) or b"" if blob else b"" for blob in blobs)
        with tempfile.TemporaryDirectory(prefix="stackwright-") as scratch:
            text = git_merge.merge_file(
                upstream, before, patch, labels=("upstream", "before", "patch"), size=size, scratch=Path(scratch)
            )
        tokens = marked.read_marked(text, size) if text is not None else ()
        clashes = [token for token in tokens if isinstance(token, Clash)]
        if clashes:
            return Conflict(path, stages, marked.key_of(clashes), tokens)
    whole = "\n".join(f"{stage.number} {stage.mode} {stage.blob}" for stage in stages)
    return Conflict(path, stages, hashlib.sha256(whole.encode()).hexdigest(), None)


def _part_of_conflict(
    store: Store, conflict: Conflict, before: Mapping[str, Entry], after: Mapping[str, Entry]
) -> Part:
    path, key = conflict.path, conflict.key
    now, merged = after.get(path), before.get(path)
    if now is None:
        return Part(path, key, How.DELETED)
    if conflict.tokens is not None and merged and merged.mode == now.mode:
        return Part(path, key, How.EDITED, edits=marked.edits(conflict.tokens, _lines(store, now)))
    for how, number in STAGES.items():
        side = conflict.stage(number)
        if side and (side.mode, side.blob) == (now.mode, now.blob):
            return Part(path, key, how)
    return _content(store, path, key, now)


def _part_along(store: Store, path: str, before: Entry | None, after: Entry | None) -> Part:
    if after is None:
        return Part(path, "", How.DELETED)
    if before and before.mode == after.mode:
        return Part(path, "", How.EDITED, edits=marked.edits(_lines(store, before), _lines(store, after)))
    return _content(store, path, "", after)


def _content(store: Store, path: str, key: str, entry: Entry) -> Part:
    lines = tuple(_lines(store, entry))
    if not lines:
        return Part(path, key, How.EMPTY, entry.mode)
    return Part(path, key, How.CONTENT, entry.mode, (Edit(1, (), lines, 0, 0),))


def _lines(store: Store, entry: Entry) -> list[bytes]:
    return marked.lines_of(git.blobs(store.directory, [entry.blob])[0] or b"")


def _all_lines(tokens: Iterable[Token]) -> Iterable[bytes]:
    for token in tokens:
        yield from (token,) if isinstance(token, bytes) else (*token.upstream, *token.before, *token.patch)


def _changes(
    store: Store, tree: TreeId, conflicts: Sequence[Conflict], resolution: Resolution
) -> dict[str, tuple[str, str] | None] | None:
    """Give what a resolution makes of the files of a tree; None if it does not fit."""
    entries = store.entries(tree)
    changes: dict[str, tuple[str, str] | None] = {}
    free = list(conflicts)
    for part in resolution.parts:
        same = [conflict for conflict in free if conflict.key == part.key]
        if part.key and not same:
            return None
        conflict = min(same, key=lambda conflict: conflict.path != part.path) if part.key else None
        path = conflict.path if conflict else part.path
        if conflict:
            free.remove(conflict)
        if part.how == How.DELETED:
            changes[path] = None
        elif part.how in STAGES:
            side = conflict.stage(STAGES[part.how]) if conflict else None
            if side is None:
                return None
            changes[path] = (side.mode, side.blob)
        else:
            made = _made(store, part, conflict, entries.get(path))
            if made is None:
                return None
            changes[path] = made
    return changes


def _made(store: Store, part: Part, conflict: Conflict | None, entry: Entry | None) -> tuple[str, str] | None:
    """Give the mode and the blob of a file that a person has written; None if it does not fit here."""
    if part.how in (How.CONTENT, How.EMPTY):
        content: Sequence[bytes] | None = [line for edit in part.edits for line in edit.new]
        mode = part.mode
    elif entry is None:
        return None
    else:
        tokens = conflict.tokens if conflict else tuple(_lines(store, entry))
        content = marked.edited(tokens, part.edits) if tokens is not None else None
        mode = entry.mode
    return (mode, git_merge.write_blob(store.directory, b"".join(content))) if content is not None else None


def _read_part(line: str, changes: Iterable[Change], size: int) -> Part:
    match = PART.fullmatch(line)
    if match is None:
        raise ValueError(line)
    key, how, mode = ("" if word == "-" else word for word in match.groups()[:3])
    part = Part(json.loads(match[4]), key, How(how), mode)
    if part.how in (How.EDITED, How.CONTENT):
        hunks = next(iter(changes)).hunks
        edits = [
            marked.read_edit(hunk.old_start, hunk.old, hunk.new, hunk.leading, hunk.trailing, size) for hunk in hunks
        ]
        part = replace(part, edits=tuple(edits))
    return part


def _digest(head: bytes, body: bytes) -> str:
    return hashlib.sha256(head + b"\n" + body).hexdigest()


def _damaged(file: Path, why: str) -> InputError:
    component = file.parent.parent.name
    return InputError(
        "the resolution is damaged and is not used",
        where=Where(file=file),
        why=why,
        fix=f"get it back from git, or `stackwright patch resolutions forget {component} {file.stem}`",
    )
