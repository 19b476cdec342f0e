"""What becomes of each patch: kept, rebased, taken by upstream, dropped or new."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stackwright.hazards.forecast.model import Fate, Finding, PatchFate, Subject, Weight
from stackwright.patches.history.interdiff import difference, differing
from stackwright.patches.matrix.cells import GOOD, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stackwright.hazards.forecast.model import Hop
    from stackwright.patches.matrix.cells import Cell, PatchStatus
    from stackwright.patches.model import Patch, Series


def fates(earlier: Series, later: Series, on_later: Cell | None, root: Path) -> tuple[PatchFate, ...]:
    """Give what becomes of the patches of two series of a component.

    :param on_later: how the earlier series stands with the later release's tree; None if it has no patches
    :param root: the distribution
    """
    pairs = _pairs(earlier, later)
    states = {row.name: row for row in on_later.patches} if on_later else {}
    found: list[PatchFate] = []
    for patch in earlier.patches:
        other = pairs.get(patch.name)
        if other is None:
            found.append(_left(patch, states.get(patch.name), on_later.target if on_later else "", root))
            continue
        lines = differing(difference(patch.changes, other.changes))
        same = not lines
        why = "its change is the same" if same else f"its change differs by {lines} {'line' if lines == 1 else 'lines'}"
        fate = Fate.KEPT if same else Fate.REBASED
        found.append(PatchFate(_title(patch), fate, _file(patch, root), _file(other, root), why))
    taken = {patch.name for patch in pairs.values()}
    new = [patch for patch in later.patches if patch.name not in taken]
    return (*found, *(PatchFate(_title(patch), Fate.NEW, "", _file(patch, root)) for patch in new))


def of_fates(some: Sequence[PatchFate], component: str, hop: Hop) -> Iterator[Finding]:
    """Give what has to be done about patches that nothing carries on."""
    left = [one for one in some if one.fate is Fate.DROPPED]
    for one in left:
        yield Finding(
            Subject.PATCH, one.subject, Weight.STEP,
            f"{hop.end} does not carry it, and upstream does not have it: {one.why}",
            f"carry it on (`stackwright patch rebase {component} {hop.start} {hop.end}`), or tell its users that it"
            " goes",
            one.earlier,
        )  # fmt: skip


def of_series(cell: Cell) -> Iterator[Finding]:
    """Give what is wrong with how the later release's own series stands with its tree.

    :param cell: the later release's own
    """
    if cell.missing:
        what = f"the source of {cell.release} gives no tree: {cell.missing.splitlines()[0]}"
        fix = f"mend its source in releases/{cell.release}.yaml"
        yield Finding(Subject.SOURCE, cell.component, Weight.STOP, what, fix)
    for row in cell.patches:
        if row.state in GOOD or row.state is State.UNLISTED:
            continue
        do = "drop" if row.state is State.UPSTREAM else "rebase"
        yield Finding(
            Subject.PATCH, row.subject or row.name, Weight.STOP,
            f"the series of {cell.release} does not apply: {row.name}: {row.state}",
            f"stackwright patch {do} {cell.component} {cell.release}" + (f" {row.name}" if do == "drop" else ""),
            row.file,
        )  # fmt: skip


def _pairs(earlier: Series, later: Series) -> dict[str, Patch]:
    """Find the form that each patch has in the later series: by its file, its Change-Id, its subject, its change."""
    pairs: dict[str, Patch] = {}
    for key in (_place, _change_id, lambda patch: patch.subject, _changes):
        free = {
            value: patch
            for patch in reversed(later.patches)
            if (value := key(patch)) and patch.name not in {other.name for other in pairs.values()}
        }
        for patch in earlier.patches:
            other = free.get(key(patch)) if patch.name not in pairs else None
            if other is not None:
                pairs[patch.name] = other
                del free[key(patch)]
    return pairs


def _place(patch: Patch) -> object:
    return patch.file.resolve() if patch.file else None


def _change_id(patch: Patch) -> object:
    return tuple(field.value for field in patch.header.fields if field.name.lower() == "change-id")


def _changes(patch: Patch) -> object:
    return tuple((change.path, tuple((hunk.old, hunk.new) for hunk in change.hunks)) for change in patch.changes)


def _left(patch: Patch, row: PatchStatus | None, target: str, root: Path) -> PatchFate:
    """Give the fate of a patch that the later series does not have."""
    subject, file = _title(patch), _file(patch, root)
    if row is not None and row.state is State.UPSTREAM:
        by = row.evidence
        commit = f" (commit {by.commit[:12]} of {by.date}, by its {by.trust})" if by and by.commit else ""
        return PatchFate(subject, Fate.UPSTREAM, file, "", f"{target} has it{commit}")
    applies = row is not None and row.state in GOOD
    why = "it would apply there as it is" if applies else f"it does not apply there as it is ({row and row.state})"
    return PatchFate(subject, Fate.DROPPED, file, "", why)


def _title(patch: Patch) -> str:
    return patch.subject or patch.name


def _file(patch: Patch, root: Path) -> str:
    return os.path.relpath(patch.file.resolve(), root.resolve()) if patch.file else patch.name
