"""A new patch, of a folder that the user has changed or of a diff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, Where
from stackwright.patches.apply import apply
from stackwright.patches.commits import base_commit
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.model import Series
from stackwright.patches.parse import parse
from stackwright.tools import git_commits

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.patches.model import Patch
    from stackwright.store import Store, TreeId


def of_directory(
    store: Store, series: Series, *, base: TreeId, end: TreeId, directory: Path, message: str, who: tuple[str, str, str]
) -> bytes:
    """Give the patch that makes of the end of a series what a folder is.

    :param base: what the folder was before it was changed: the end of the series, or upstream's tree without it
    :param who: name, address and time of its author
    :raises InputError: the folder has no changes
    :raises CheckFailedError: they do not apply to the end of the series
    """
    now = store.import_directory(directory)
    before, after = store.entries(base), store.entries(now)
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    if not changed:
        raise InputError("the folder has no changes", where=Where(file=directory), fix="change something in it first")
    store.need(before[path].blob for path in changed if path in before)
    return _patch(store, series, end, parse(git_commits.diff_trees(store.directory, base, now)), message, who)


def of_diff(
    store: Store, series: Series, *, end: TreeId, data: bytes, message: str, who: tuple[str, str, str]
) -> bytes:
    """Give the patch of a diff: as it is, if it says what it is for and is told nothing else, else with a message.

    :raises InputError: it is not a patch, or nobody says what it is for
    :raises CheckFailedError: it does not apply to the end of the series
    """
    patch = parse(data, name="the diff")
    if patch.message and not message:
        return data
    return _patch(store, series, end, patch, message, who)


def _patch(store: Store, series: Series, end: TreeId, patch: Patch, message: str, who: tuple[str, str, str]) -> bytes:
    if not message:
        raise InputError("nobody says what the patch is for", fix="-m 'Why it is there'")
    name, mail, date = who
    try:
        tree = apply(store, end, Series(series.directory, (patch,))).tree
    except PatchConflictError as error:
        raise CheckFailedError(
            "it does not apply to what the series gives",
            details=error.details,
            fix=f"make the change there: stackwright patch new {series.directory.parent.name} NAME --edit",
        ) from error
    commit = git_commits.commit_tree(
        store.directory, tree, [base_commit(store, end)], author=name, mail=mail, date=date, message=f"{message}\n"
    )
    return git_commits.format_patch(store.directory, commit)
