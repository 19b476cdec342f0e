"""Apply a series to a tree, index-only: no file is checked out, and the result is a tree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.patches import safety
from stackwright.patches.conflict import PatchConflictError, Problem, diagnose
from stackwright.patches.model import LINK, Offset
from stackwright.patches.said import moved_hunks
from stackwright.patches.series import digest
from stackwright.store import TreeId
from stackwright.tools import git

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from stackwright.patches.model import Patch, Series
    from stackwright.store import Memo, Store
    from stackwright.tools.process import Completed

# Where less than this much of a hunk's context is there, nobody can say that it is the right place (git-apply(1): -C).
LEAST_CONTEXT = 1


@dataclass(frozen=True)
class Applied:
    """What a series makes of a tree.

    :param tree: the patched tree
    :param trees: the tree after each patch
    :param offsets: the hunks of each patch that moved
    """

    tree: TreeId
    trees: tuple[TreeId, ...]
    offsets: tuple[tuple[Offset, ...], ...]


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
        offsets: list[tuple[Offset, ...]] = []
        entries = store.entries(base)
        links = frozenset(path for path, entry in entries.items() if entry.mode == LINK)
        touched = frozenset(path for patch in series.patches for path in patch.paths)
        store.need(entry.blob for path, entry in entries.items() if path in touched)
        with store.index(base) as index:
            walk = Walk(store, index, links, lambda: entries)
            for patch in series.patches:
                offsets.append(walk.step(patch))
                trees.append(TreeId(git.write_tree(store.directory, index)))
        store.keep(trees)
        applied = Applied(trees[-1], tuple(trees), tuple(offsets))
    if memo:
        moved = [[[offset.path, offset.hunk, offset.lines] for offset in each] for each in applied.offsets]
        memo.put("series", key, json.dumps([applied.tree, applied.trees, moved]))
    return applied


class Walk:
    """The way from a tree through the patches of a series, in an index.

    :param index: filled with the tree, or with what of it the patches touch
    :param links: the symbolic links of the tree that they could go through
    :param known: gives every path of the tree; asked for only when a patch does not apply
    """

    def __init__(self, store: Store, index: Path, links: frozenset[str], known: Callable[[], Collection[str]]) -> None:
        self.store = store
        self.index = index
        self.links = links
        self.known = known
        self.done: list[Patch] = []

    def step(self, patch: Patch) -> tuple[Offset, ...]:
        """Apply the next patch and give the hunks that moved; if it does not apply, nothing has happened.

        :raises PatchConflictError: it does not apply
        :raises InputError: it leaves its tree
        """
        completed = self._apply(patch, None)
        if completed.status != 0:
            raise self._conflict(patch, completed.stderr.decode("utf-8", "surrogateescape"))
        return moved_hunks(completed.stderr, [len(patch.changes)])[0]

    def step_with_fuzz(self, patch: Patch) -> int | None:
        """Apply the next patch with as many lines of its context as are there; it is known not to apply with all.

        :return: how many lines on each side were left out of sight; None if it does not apply so either
        """
        most = max((max(hunk.leading, hunk.trailing) for change in patch.changes for hunk in change.hunks), default=0)
        contexts = range(most - 1, LEAST_CONTEXT - 1, -1)
        return next((most - context for context in contexts if self._apply(patch, context).status == 0), None)

    def _apply(self, patch: Patch, context: int | None) -> Completed:
        links = safety.check(patch, self.links)
        completed = git.apply_cached(self.store.directory, self.index, patch.diff, strip=patch.strip, context=context)
        if completed.status == 0:
            self.links = links
            self.done.append(patch)
        return completed

    def _conflict(self, patch: Patch, said: str) -> PatchConflictError:
        here = TreeId(git.write_tree(self.store.directory, self.index))
        contents = self.store.read_all(here, sorted(patch.paths))
        problems: Sequence[Problem] = diagnose(patch, contents, self.known())
        if not problems:  # git knows better: a type that changed, an index line of a binary file
            reasons = [line.removeprefix("error: ") for line in said.splitlines() if line.startswith("error: ")]
            problems = [Problem(patch.changes[0].path, "; ".join(reasons) or said.strip(), patch.changes[0].line)]
        reverse = git.apply_cached(
            self.store.directory, self.index, patch.diff, strip=patch.strip, reverse=True, check_only=True
        )
        earlier = [other.name for other in self.done if other.paths & patch.paths]
        return PatchConflictError(patch, problems, applied=reverse.status == 0, touched_by=earlier)


def _remembered(store: Store, value: str | None) -> Applied | None:
    """Read a result from the memo, if it is one and the store has its trees."""
    try:
        tree, trees, moved = json.loads(value or "null")
        offsets = tuple(tuple(Offset(*offset) for offset in each) for each in moved)
        applied = Applied(TreeId(tree), tuple(map(TreeId, trees)), offsets)
        return applied if store.has(applied.tree, *applied.trees) else None
    except (ValueError, TypeError):
        return None
