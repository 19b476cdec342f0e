"""Edits of a series that change no patch: another order, a line that counts no more, a patch more or less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, Where
from stackwright.patches.apply import apply
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.editing.draft import draft_of, find
from stackwright.patches.model import Series
from stackwright.patches.series import SERIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.patches.editing.draft import Draft
    from stackwright.store import Store, TreeId


def move(
    store: Store, base: TreeId, series: Series, word: str, *, before: str | None = None, after: str | None = None
) -> Draft:
    """Put a patch before or after another one; the tree stays the same.

    :raises CheckFailedError: a patch does not apply then, or the tree would be another
    """
    name, other = find(series, word), find(series, before or after or "")
    if name == other:
        raise InputError(f"{name} cannot be moved beside itself", where=Where(file=series.directory / SERIES))
    draft = draft_of(series)
    draft = draft.listed(draft.file.moved(name, **{"before" if before else "after": other}))
    draft.tried(store, base, f"moving {name}", apply(store, base, series).tree)
    return draft


def beside(series: Series, word: str, number: int) -> tuple[str | None, str | None]:
    """Give the patch before which, or that after which, one has to be put to have a number in the series, from 1.

    Neither, if it has that number.

    :raises InputError: the series is not so long
    """
    names = [patch.name for patch in series.patches]
    at = names.index(find(series, word)) + 1
    if not 1 <= number <= len(names):
        raise InputError(
            f"the series has no place {number}",
            where=Where(file=series.directory / SERIES),
            fix=f"one from 1 to {len(names)}",
        )
    other = names[number - 1]
    return (other, None) if number < at else (None, other if number > at else None)


def disable(store: Store, base: TreeId, series: Series, word: str, *, why: str = "", force: bool = False) -> Draft:
    """Keep a patch and do not apply it.

    :param force: do it even if patches after it do not apply then
    :raises CheckFailedError: some do not
    """
    name = find(series, word)
    draft = draft_of(series)
    draft = draft.listed(draft.file.disabled(name, why))
    return _without(store, base, draft, f"disabling {name}", force=force)


def enable(store: Store, base: TreeId, series: Series, word: str, *, force: bool = False) -> Draft:
    """Apply a patch again that was disabled.

    :param force: do it even if it, or patches after it, do not apply
    :raises CheckFailedError: they do not
    """
    name = find(series, word, disabled=True)
    draft = draft_of(series)
    draft = draft.listed(draft.file.enabled(name))
    return _without(store, base, draft, f"enabling {name}", force=force)


def drop(store: Store, base: TreeId, series: Series, word: str, *, force: bool = False) -> Draft:
    """Take the line of a patch out of a series, whether it is disabled or not. The file stays.

    :param force: do it even if patches after it do not apply then
    :raises CheckFailedError: some do not
    """
    off = {line.name for line in series.disabled} - {patch.name for patch in series.patches}
    name = find(series, word, disabled=word in off)
    draft = draft_of(series)
    draft = draft.listed(draft.file.removed(name))
    return _without(store, base, draft, f"dropping {name}", force=force)


def append(store: Store, base: TreeId, series: Series, name: str, data: bytes) -> Draft:
    """Put a new patch at the end of a series.

    :raises InputError: there is a file of this name, or it is not a patch
    :raises CheckFailedError: it does not apply
    """
    check_free(series, name)
    draft = draft_of(series)
    draft = draft.with_new(name, data).listed(draft.file.inserted(name))
    draft.tried(store, base, f"appending {name}")
    return draft


def check_free(series: Series, name: str) -> None:
    """See that no patch of a series has a file name yet.

    :raises InputError: one has
    """
    if (series.directory / name).exists() or name in [patch.name for patch in series.patches]:
        raise InputError(
            f"there is a patch {name} already",
            where=Where(file=series.directory / name),
            fix="take another name, or change this one with `stackwright patch edit`",
        )


def conflicts(store: Store, base: TreeId, series: Series) -> Mapping[str, PatchConflictError]:
    """Give why those patches do not apply that do not; each is left out for those after it."""
    found: dict[str, PatchConflictError] = {}
    rest = list(series.patches)
    while True:
        try:
            apply(store, base, Series(series.directory, tuple(rest)))
        except PatchConflictError as error:
            found[error.patch.name] = error
            rest = [patch for patch in rest if patch.name != error.patch.name]
        else:
            return found


def _without(store: Store, base: TreeId, draft: Draft, doing: str, *, force: bool) -> Draft:
    """See which patches do not apply any more."""
    before = conflicts(store, base, draft.series)
    after = conflicts(store, base, draft.resulting())
    new = {name: error for name, error in after.items() if name not in before}
    if new and not force:
        details = "\n\n".join(f"{error.what}\n{error.details}" for error in new.values())
        raise CheckFailedError(
            f"{doing}: then {_those(new)} not apply",
            where=Where(file=draft.listing),
            details=details,
            fix="type the same with --force behind it, or make them fit: stackwright patch edit",
        )
    told = [f"{name} does not apply now" for name in new]
    told += [f"{name} does not apply, as before" for name in after if name in before]
    return draft.noted(*told)


def _those(names: Mapping[str, object]) -> str:
    return f"{', '.join(names)} {'does' if len(names) == 1 else 'do'}"
