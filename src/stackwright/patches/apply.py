"""Apply a series to a tree, index-only: no file is checked out, and the result is a tree."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from stackwright.patches import names, safety
from stackwright.patches.conflict import PatchConflictError, Problem, diagnose
from stackwright.patches.model import LINK
from stackwright.patches.series import digest, unlisted
from stackwright.store import TreeId
from stackwright.tools import git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stackwright.patches.model import Patch, Series
    from stackwright.store import Memo, Store

CHECKING = re.compile(r"Checking patch (?:.* => )?(.*)\.\.\.")
OFFSET = re.compile(r"Hunk #(\d+) succeeded at (\d+) \(offset (-?\d+) lines?\)")


@dataclass(frozen=True)
class Offset:
    """A hunk that applied, but not at the line it names.

    :param patch: the patch's place in the series, from 0
    :param hunk: its number among the file's hunks, from 1
    :param lines: how far it moved, downwards
    """

    patch: int
    path: str
    hunk: int
    lines: int


@dataclass(frozen=True)
class Applied:
    """What a series makes of a tree.

    :param tree: the patched tree
    :param trees: the tree after each patch
    :param offsets: the hunks that moved
    """

    tree: TreeId
    trees: tuple[TreeId, ...]
    offsets: tuple[Offset, ...]


class State(StrEnum):
    """How a patch stands with a tree."""

    APPLIES = "applies"
    OFFSET = "applies with offset"
    CONFLICT = "conflict"
    ALREADY_APPLIED = "already applied"
    UNLISTED = "in no series"


@dataclass(frozen=True)
class PatchStatus:
    """How one patch file stands: the error says why where it does not apply."""

    name: str
    state: State
    subject: str = ""
    offsets: tuple[Offset, ...] = ()
    error: PatchConflictError | None = None


def apply(store: Store, base: TreeId, series: Series, memo: Memo | None = None) -> Applied:
    """Apply every patch of a series, in order, without fuzz; a hunk may have moved.

    :param memo: remembers the result for this tree and these patches
    :raises PatchConflictError: a patch does not apply
    :raises InputError: a patch leaves its tree
    """
    key = f"{base} {digest(series)}"
    known = _remembered(store, memo.get("series", key)) if memo else None
    if known:
        return known
    applied = Applied(base, (), ())
    if series.patches:
        trees: list[TreeId] = []
        offsets: list[Offset] = []
        walk = _Walk(store, base)
        with store.index(base) as index:
            for number, patch in enumerate(series.patches):
                offsets += walk.step(index, number, patch)
                trees.append(walk.tree)
        store.keep(trees)
        applied = Applied(trees[-1], tuple(trees), tuple(offsets))
    if memo:
        moved = [[offset.patch, offset.path, offset.hunk, offset.lines] for offset in applied.offsets]
        memo.put("series", key, json.dumps([applied.tree, applied.trees, moved]))
    return applied


def status(store: Store, base: TreeId, series: Series) -> tuple[PatchStatus, ...]:
    """Tell how each patch stands; one that does not apply is left out for those after it.

    :raises InputError: a patch leaves its tree
    """
    found = []
    walk = _Walk(store, base)
    with store.index(base) as index:
        for number, patch in enumerate(series.patches):
            try:
                moved = tuple(walk.step(index, number, patch))
            except PatchConflictError as error:
                state = State.ALREADY_APPLIED if error.applied else State.CONFLICT
                found.append(PatchStatus(patch.name, state, patch.subject, error=error))
            else:
                state = State.OFFSET if moved else State.APPLIES
                found.append(PatchStatus(patch.name, state, patch.subject, moved))
    found += [PatchStatus(name, State.UNLISTED) for name in unlisted(series)]
    return tuple(found)


class _Walk:
    """The way from a tree through the patches of a series."""

    def __init__(self, store: Store, base: TreeId) -> None:
        self.store = store
        self.tree = base
        self.done: list[Patch] = []
        self.links = frozenset(path for path, entry in store.entries(base).items() if entry.mode == LINK)

    def step(self, index: Path, number: int, patch: Patch) -> list[Offset]:
        """Apply the next patch to the index; if it does not apply, nothing has happened."""
        links = safety.check(patch, self.links)
        completed = git.apply_cached(self.store.directory, index, patch.diff, strip=patch.strip)
        said = completed.stderr.decode("utf-8", "surrogateescape")
        if completed.status != 0:
            raise self._conflict(index, patch, said)
        self.tree = TreeId(git.write_tree(self.store.directory, index))
        self.links = links
        self.done.append(patch)
        return _offsets(number, said)

    def _conflict(self, index: Path, patch: Patch, said: str) -> PatchConflictError:
        contents = self.store.read_all(self.tree, sorted(patch.paths))
        problems: Sequence[Problem] = diagnose(patch, contents, self.store.entries(self.tree))
        if not problems:  # git knows better: a type that changed, an index line of a binary file
            reasons = [line.removeprefix("error: ") for line in said.splitlines() if line.startswith("error: ")]
            problems = [Problem(patch.changes[0].path, "; ".join(reasons) or said.strip(), patch.changes[0].line)]
        reverse = git.apply_cached(
            self.store.directory, index, patch.diff, strip=patch.strip, reverse=True, check_only=True
        )
        earlier = [other.name for other in self.done if other.paths & patch.paths]
        return PatchConflictError(patch, problems, applied=reverse.status == 0, touched_by=earlier)


def _offsets(number: int, said: str) -> list[Offset]:
    """Read from what ``git apply --verbose`` says which hunks moved."""
    path = ""
    found = []
    for line in said.splitlines():
        if match := CHECKING.fullmatch(line):
            path = names.unquoted(match[1].encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
        elif match := OFFSET.match(line):
            found.append(Offset(number, path, int(match[1]), int(match[3])))
    return found


def _remembered(store: Store, value: str | None) -> Applied | None:
    """Read a result from the memo, if it is one and the store has its trees."""
    try:
        tree, trees, moved = json.loads(value or "null")
        applied = Applied(TreeId(tree), tuple(map(TreeId, trees)), tuple(Offset(*offset) for offset in moved))
        return applied if store.has(applied.tree, *applied.trees) else None
    except (ValueError, TypeError):
        return None
