"""Edits of a series that change patches and not the tree: two become one, one becomes two, a patch is drawn anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, Where, suggestion
from stackwright.patches.apply import Walk, apply
from stackwright.patches.commits import as_commit, base_commit, redrawn, standard
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.editing import messages
from stackwright.patches.editing.draft import draft_of, find, refused
from stackwright.patches.model import LINK, Series
from stackwright.store import TreeId
from stackwright.tools import git, git_commits, git_merge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from stackwright.patches.editing.draft import Draft
    from stackwright.patches.model import Patch
    from stackwright.store import Store

DIRECTORY = "040000"


def fold(store: Store, base: TreeId, series: Series, into: str, other: str, *, shared: Collection[Path] = ()) -> Draft:
    """Take the change of one patch into another, at the place of that; the tree stays the same.

    The message is that of the first, then the other's; the author and the date are the first's. The other's file goes.

    :raises CheckFailedError: the other cannot be moved over the patches between them
    """
    names = [patch.name for patch in series.patches]
    kept, gone = names.index(find(series, into)), names.index(find(series, other))
    if kept == gone:
        raise InputError(f"{names[kept]} cannot be folded into itself", where=Where(file=series.directory / "series"))
    before = apply(store, base, series)
    trees = (base, *before.trees)
    patch, taken = series.patches[kept], series.patches[gone]
    doing = f"folding {taken.name} into {patch.name}"
    try:
        if kept < gone:
            old, new = trees[kept], _after(store, trees[kept + 1], series, [taken])
        else:
            old, new = _after(store, trees[gone], series, series.patches[gone + 1 : kept]), trees[kept + 1]
    except PatchConflictError as error:
        raise refused(series, doing, error) from error
    if old == new:
        raise CheckFailedError(
            f"{doing}: together they change nothing",
            where=patch.listed,
            fix=f"drop both: stackwright patch drop {series.directory.parent.name} ...",
        )
    message = messages.joined(patch.message or patch.name, taken.message or taken.name)
    draft = draft_of(series, shared)
    draft = draft.with_content(patch, _drawn(store, patch, message, old, new))
    assert taken.file is not None
    draft = draft.listed(draft.file.removed(taken.name)).without(taken.file)
    draft.tried(store, base, doing, before.tree)
    return draft


def split(
    store: Store,
    base: TreeId,
    series: Series,
    word: str,
    paths: Sequence[str],
    *,
    after: bool = False,
    message: str = "",
    shared: Collection[Path] = (),
) -> Draft:
    """Put the changes of a patch to some files or folders into a new patch before it; the tree stays the same.

    :param after: put it behind it instead
    :param message: of the new patch; without it, both have the message that was, and say which part they are
    :raises InputError: the patch does not change such a file, or nothing would be left of it
    """
    names = [patch.name for patch in series.patches]
    at = names.index(find(series, word))
    patch = series.patches[at]
    chosen = _chosen(patch, paths)
    applied = apply(store, base, series)
    old, new = (base, *applied.trees)[at : at + 2]
    middle = _with(store, old, new, patch.paths - chosen if after else chosen)
    mine, others = ((old, middle), (middle, new)) if after else ((middle, new), (old, middle))
    words = ["(part 1 of 2)", "(part 2 of 2)"]
    said = patch.message or patch.name
    kept = redrawn(store, patch, *mine)
    if not message:
        kept = _drawn(store, patch, messages.with_subject(said, words[0 if after else 1]), *mine)
    moved = replace(patch, message=message or messages.with_subject(said, words[1 if after else 0]))
    commit = as_commit(store, others[1], base_commit(store, others[0]), moved)
    draft = draft_of(series, shared)
    name = draft.free_name(git_commits.file_name(store.directory, commit))
    draft = draft.with_content(patch, kept).with_new(name, standard(store, commit, patch))
    beside = next(new for new, was in zip(draft.file.names, names, strict=True) if was == patch.name)
    draft = draft.listed(draft.file.inserted(name, **{"after" if after else "before": beside}, strip=patch.strip))
    draft.tried(store, base, f"splitting {patch.name}", applied.tree)
    return draft.noted(f"{name}: {', '.join(sorted(chosen))}")


def redraw(
    store: Store, base: TreeId, series: Series, only: str | None = None, *, shared: Collection[Path] = ()
) -> Draft:
    """Write those patches anew that apply with offset or fuzz, with the lines that they have now.

    :param only: one patch
    :raises PatchConflictError: a patch does not apply, with fuzz neither
    """
    wanted = find(series, only) if only else None
    draft = draft_of(series, shared)
    entries = store.entries(base)
    touched = frozenset(path for patch in series.patches for path in patch.paths)
    store.need(entry.blob for path, entry in entries.items() if path in touched)
    links = frozenset(path for path, entry in entries.items() if entry.mode == LINK)
    old = base
    with store.index(base) as index:
        walk = Walk(store, index, links, lambda: entries)
        for patch in series.patches:
            how = _step(walk, patch)
            new = TreeId(git.write_tree(store.directory, index))
            if how and wanted in (None, patch.name):
                draft = draft.with_content(patch, redrawn(store, patch, old, new)).noted(f"{patch.name}: {how}")
            old = new
    store.keep([old])
    if draft.contents:
        draft.tried(store, base, "drawing anew", old)
    return draft


def _step(walk: Walk, patch: Patch) -> str:
    """Apply a patch and say what had to be done for it."""
    try:
        offsets = walk.step(patch)
    except PatchConflictError:
        fuzz = walk.step_with_fuzz(patch)
        if fuzz is None:
            raise
        return f"applied with fuzz: {fuzz} line{'s' if fuzz > 1 else ''} of context not looked at; see its difference"
    moved = [f"{offset.path} hunk {offset.hunk} by {offset.lines:+}" for offset in offsets]
    return f"applied with offset: {', '.join(moved)}" if moved else ""


def _after(store: Store, tree: TreeId, series: Series, patches: Iterable[Patch]) -> TreeId:
    return apply(store, tree, Series(series.directory, tuple(patches))).tree


def _drawn(store: Store, patch: Patch, message: str, old: TreeId, new: TreeId) -> bytes:
    """Give the file of a patch with another message and another change."""
    commit = as_commit(store, new, base_commit(store, old), replace(patch, message=message))
    return standard(store, commit, patch)


def _chosen(patch: Patch, paths: Iterable[str]) -> frozenset[str]:
    chosen: set[str] = set()
    for path in paths:
        word = path.rstrip("/")
        found = {name for name in patch.paths if name == word or name.startswith(f"{word}/")}
        if not found:
            raise InputError(
                f"the patch {patch.name} does not change {path!r}",
                where=_file(patch.file),
                fix=suggestion(path, patch.paths),
            )
        chosen |= found
    for change in patch.changes:  # what is renamed goes together
        if change.old and change.new and not change.copied and {change.old, change.new} & chosen:
            chosen |= {change.old, change.new}
    if chosen == patch.paths:
        raise InputError(
            f"nothing would be left in {patch.name}", where=_file(patch.file), fix="name only some of its files"
        )
    return frozenset(chosen)


def _with(store: Store, old: TreeId, new: TreeId, paths: Iterable[str]) -> TreeId:
    """Give a tree with some files as another one has them."""
    wanted = sorted(paths)
    there = {path: entry for path, entry in store.look(new, wanted).items() if entry.mode != DIRECTORY}
    changes = {path: (there[path].mode, there[path].blob) if path in there else None for path in wanted}
    tree = TreeId(git_merge.changed_tree(store.directory, old, changes))
    store.keep([tree])
    return tree


def _file(file: Path | None) -> Where:
    return Where(file=file)
