"""A series brought to another tree: each patch as it is, or by a three-way merge, without a checkout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, Where
from stackwright.patches.apply import Walk, apply
from stackwright.patches.commits import as_commit, base_commit, message_of, redrawn, rewritten
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.model import LINK, Series
from stackwright.patches.parse import parse
from stackwright.patches.rebasing.resolutions import Conflict, Resolution, conflicts_of, replay, size_of
from stackwright.store import CommitId, TreeId
from stackwright.tools import git, git_merge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from stackwright.patches.model import Offset, Patch
    from stackwright.store import Store


SHOWN = 3  # files of a merge


class Outcome(StrEnum):
    """What becomes of a patch on another tree."""

    KEPT = "kept"
    MOVED = "moved"
    MERGED = "three-way"
    RESOLUTION = "resolution"
    RESOLVED = "by hand"
    UPSTREAM = "upstream"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Sides:
    """The trees of a three-way merge: that before the patch, that with the patch, and that it is brought to."""

    before: TreeId
    patch: TreeId
    upstream: TreeId


@dataclass(frozen=True)
class Choice:
    """What a person has made of a conflict.

    :param message: of the patch, where it was changed along
    """

    tree: TreeId
    message: str | None = None


@dataclass(frozen=True)
class Open:
    """A merge that waits for a person.

    :param tree: what is merged and resolved so far
    :param conflicts: what is not
    :param picked: the patch as a commit on the tree that it was made for
    :param size: of the markers in its files
    """

    sides: Sides
    tree: TreeId
    conflicts: tuple[Conflict, ...]
    picked: CommitId
    size: int


@dataclass(frozen=True)
class Step:
    """What has become of one patch.

    :param tree: the tree after it; of a conflict and of what is left out, the tree before it
    :param detail: in words
    :param content: the new file of the patch; None if the old one does
    """

    patch: Patch
    outcome: Outcome
    tree: TreeId
    detail: str = ""
    content: bytes | None = None
    open: Open | None = None


def walk(
    store: Store,
    patches: Sequence[Patch],
    trees: Sequence[TreeId],
    onto: TreeId,
    *,
    resolutions: Sequence[Resolution] = (),
    choices: Mapping[Sides, Choice] | None = None,
) -> Iterator[Step]:
    """Bring patches to a tree, one after another; one in conflict is left out for those after it.

    :param trees: the tree that they were made for, and the tree after each of them
    :param onto: the tree to bring them to
    :param resolutions: made before
    :param choices: what a person has made of conflicts in this rebase
    :raises InputError: a patch leaves its tree
    """
    tip = onto
    for patch, before, after in zip(patches, trees[:-1], trees[1:], strict=True):
        step = _step(store, patch, Sides(before, after, tip), resolutions, choices or {})
        store.keep([step.tree])
        yield step
        tip = step.tree


def check(store: Store, onto: TreeId, steps: Sequence[Step], directory: Path) -> None:
    """See that the new series, applied as every series is, gives the tree that the rebase has come to.

    :raises CheckFailedError: it does not
    :raises InputError: a patch leaves its tree
    """
    patches = []
    for step in steps:
        if step.outcome != Outcome.UPSTREAM:
            old = step.patch
            same = step.content is None
            patches.append(old if same else parse(step.content or b"", name=old.name, strip=old.strip))
    tree = apply(store, onto, Series(directory, tuple(patches))).tree
    if steps and tree != steps[-1].tree:
        raise CheckFailedError(
            "the new series does not give the tree that its merges gave",
            where=Where(file=directory),
            why=f"tree {tree} instead of {steps[-1].tree}",
            fix="nothing was written: please report it, with the series",
        )


def commits_of(store: Store, onto: TreeId, steps: Sequence[Step]) -> CommitId:
    """Make commits of what has been brought to a tree so far, and give the last."""
    commit, tree = base_commit(store, onto), onto
    for step in steps:
        if step.tree != tree:
            commit, tree = as_commit(store, step.tree, commit, step.patch), step.tree
    return commit


def _step(
    store: Store,
    patch: Patch,
    sides: Sides,
    resolutions: Sequence[Resolution],
    choices: Mapping[Sides, Choice],
) -> Step:
    tip = sides.upstream
    tree, moved, applied = _applied(store, patch, tip)
    if tree and not moved:
        return Step(patch, Outcome.KEPT, tree)
    picked, merge = _merged(store, patch, sides)
    merged = TreeId(merge.tree)
    if tree and (merge.stages or merged == tree):
        return Step(patch, Outcome.MOVED, tree, _told(moved))
    if not merge.stages:
        if merged == tip:
            return Step(patch, Outcome.UPSTREAM, tip, "upstream has all of its changes")
        step = _rewritten(store, patch, sides, Outcome.MERGED, Choice(merged))
        return replace(step, detail=step.detail or _shortened(merge.both_changed))
    if applied:
        return Step(patch, Outcome.UPSTREAM, tip, "upstream has it: it applies in reverse")
    if choice := choices.get(sides):
        return _rewritten(store, patch, sides, Outcome.RESOLVED, choice)
    size = size_of(store, merge)
    done = replay(store, merged, conflicts_of(store, merge, size), resolutions)
    if not done.left:
        step = _rewritten(store, patch, sides, Outcome.RESOLUTION, Choice(done.tree))
        return replace(step, detail="; ".join(dict.fromkeys(str(each.about) for each in done.used)))
    store.keep([done.tree])
    waits = Open(sides, done.tree, done.left, picked, size)
    return Step(patch, Outcome.CONFLICT, tip, "; ".join(map(str, done.left)), open=waits)


def _applied(store: Store, patch: Patch, tree: TreeId) -> tuple[TreeId | None, tuple[Offset, ...], bool]:
    """Apply a patch as it is: the tree, what moved, and, if it does not apply, whether it does in reverse."""
    entries = store.entries(tree)
    links = frozenset(path for path, entry in entries.items() if entry.mode == LINK)
    with store.index(tree) as index:
        try:
            moved = Walk(store, index, links, lambda: entries).step(patch)
        except PatchConflictError as error:
            return None, (), error.applied
        return TreeId(git.write_tree(store.directory, index)), moved, False


def _merged(store: Store, patch: Patch, sides: Sides) -> tuple[CommitId, git_merge.Merge]:
    """Merge what the patch does with what upstream did, as commits on what both come from."""
    base = base_commit(store, sides.before)
    picked = as_commit(store, sides.patch, base, patch)
    ours = as_commit(store, sides.upstream, base, patch)
    return picked, git_merge.merge_commits(store.directory, ours, picked)


def _rewritten(store: Store, patch: Patch, sides: Sides, outcome: Outcome, choice: Choice) -> Step:
    tip, tree = sides.upstream, choice.tree
    if tree == tip:
        return Step(patch, Outcome.UPSTREAM, tip, "nothing is left of it, as it is resolved")
    if choice.message is None or choice.message == message_of(patch):
        content = redrawn(store, patch, tip, tree)
    else:
        said = replace(patch, message=choice.message)
        content = rewritten(store, patch, as_commit(store, tree, base_commit(store, tip), said))
    paths = parse(content, name=patch.name, strip=patch.strip).paths
    gone, new = sorted(patch.paths - paths), sorted(paths - patch.paths)
    detail = f"{', '.join(gone)} -> {', '.join(new)}" if gone and new else ", ".join(new or gone)
    return Step(patch, outcome, tree, detail, content)


def _shortened(paths: Sequence[str]) -> str:
    more = len(paths) - SHOWN
    return ", ".join(paths[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _told(moved: Sequence[Offset]) -> str:
    """Say how far hunks have moved, file by file."""
    lines: dict[str, list[int]] = {}
    for offset in moved:
        lines.setdefault(offset.path, []).append(offset.lines)
    return "; ".join(
        f"{path} {'..'.join(f'{each:+d}' for each in sorted({min(found), max(found)}))}"
        for path, found in lines.items()
    )
