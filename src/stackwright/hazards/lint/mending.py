"""Mend the patches of a series: the edits of their findings go into the patches themselves, which keep their form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.patches.apply import apply
from stackwright.patches.commits import redrawn
from stackwright.patches.editing.draft import draft_of
from stackwright.store import TreeId
from stackwright.tools import git_merge

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from stackwright.hazards.lint.model import Edit, Finding
    from stackwright.patches.apply import Applied
    from stackwright.patches.editing.draft import Draft
    from stackwright.patches.model import Series
    from stackwright.store import Entry, Store

REGULAR = "100644"
# What is mended may show more: the newest version is raised, and what repeats it is behind then.
ROUNDS = 4


def mended(
    store: Store,
    base: TreeId,
    series: Series,
    find: Callable[[Series, Applied, int, TreeId], Iterable[Finding]],
    *,
    shared: Collection[Path] = (),
) -> Draft:
    """Write what the findings of each patch lack into that patch, in the order of the series.

    :param find: gives the findings of a patch: of a series that was applied, the place of the patch in it, and the tree
        that the patch is to give
    :param shared: files that others name too, of which this series is to have forms of its own
    :raises CheckFailedError: a later patch does not apply then
    """
    draft = draft_of(series, shared)
    for at, patch in enumerate(series.patches):
        now = draft.resulting()
        applied = apply(store, base, now)
        tree, notes = applied.trees[at], []
        done: set[str] = set()
        for _ in range(ROUNDS):
            wanted = [one for one in find(now, applied, at, tree) if one.edits and one.hazard.id not in done]
            if not wanted:
                break
            done |= {one.hazard.id for one in wanted}
            notes += [
                f"{patch.name}: mended {one.hazard.rule} of {one.hazard.name} in {edit.path}"
                for one in wanted
                for edit in one.edits
            ]
            tree = edited(store, tree, [edit for one in wanted for edit in one.edits])
        if done:
            before = applied.trees[at - 1] if at else base
            draft = draft.with_content(patch, redrawn(store, now.patches[at], before, tree)).noted(*notes)
            draft.tried(store, base, f"mending {patch.name}")
    return draft


def edited(store: Store, tree: TreeId, edits: Iterable[Edit]) -> TreeId:
    """Give a tree with some files written; several edits of one file follow one another."""
    edits = list(edits)
    contents: dict[str, bytes | None] = dict(store.read_all(tree, [edit.path for edit in edits]))
    for edit in edits:
        contents[edit.path] = edit.change(contents[edit.path])
    entries: Mapping[str, Entry] = store.look(tree, contents)
    changes = {
        path: (entries[path].mode if path in entries else REGULAR, git_merge.write_blob(store.directory, content))
        for path, content in contents.items()
        if content is not None
    }
    new = TreeId(git_merge.changed_tree(store.directory, tree, changes))
    store.keep([new])
    return new
