"""No patch touches what is outside its tree: looked at before git sees it (git itself would refuse it as well)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.patches.model import LINK
from stackwright.store import paths

if TYPE_CHECKING:
    from stackwright.patches.model import Change, Patch


def check(patch: Patch, links: frozenset[str]) -> frozenset[str]:
    """See that a patch stays in its tree, by names and by links.

    :param links: the symbolic links of the tree it is applied to
    :return: the links of the tree that it makes
    :raises InputError: a path or a link leaves the tree
    """
    gone = {change.old for change in patch.changes if change.old and change.old != change.new and not change.copied}
    made = {change.new for change in patch.changes if change.new and _is_link(change, links)}
    after = frozenset((links - gone) | made)
    for change in patch.changes:
        for path in (change.old, change.new):
            if path is not None:
                _check_path(patch, change, path, after)
        if change.new in made:
            _check_link(patch, change)
    return after


def _is_link(change: Change, links: frozenset[str]) -> bool:
    return change.mode == LINK or (change.mode is None and change.old in links)


def _check_path(patch: Patch, change: Change, path: str, links: frozenset[str]) -> None:
    reason = paths.why_unsafe(path)
    if reason is None:
        through = next((directory for directory in paths.above(path) if directory in links), None)
        reason = f"{through!r} is a symbolic link" if through else None
    if reason:
        raise _escape(patch, change.line, path, reason)


def _check_link(patch: Patch, change: Change) -> None:
    assert change.new is not None
    if change.binary:
        raise _escape(patch, change.line, change.new, "where the symbolic link points cannot be read")
    for hunk in change.hunks:
        target = b"".join(hunk.new).decode("utf-8", "surrogateescape")
        if paths.leaves_tree(change.new, target):
            raise _escape(patch, hunk.line, change.new, f"the symbolic link points outside the tree: {target!r}")


def _escape(patch: Patch, line: int, path: str, why: str) -> InputError:
    return InputError(
        f"the patch leaves its tree by {path!r}",
        where=Where(file=patch.file, line=line, subject="" if patch.file else patch.name),
        why=why,
        fix="a patch changes files of its own component only: take this change out of it",
    )
