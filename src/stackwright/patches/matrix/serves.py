"""The range of releases that a patch serves unchanged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.errors import InputError, StackwrightError, Where, suggestion
from stackwright.patches.matrix.cells import PatchStatus, State
from stackwright.patches.matrix.states import status
from stackwright.patches.model import Patch, Series
from stackwright.patches.series import read_series
from stackwright.sources.bases import Asked, Bases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.distribution import Distribution
    from stackwright.store import Memo

SERVES = frozenset({State.APPLIES, State.OFFSET})


@dataclass(frozen=True)
class Served:
    """How one form of a patch stands with a release or a further ref.

    :param where: the release, or the ref
    :param carries: whether the release's series has this patch, in this form or another
    :param status: how it stands there; None where there is no tree, which `missing` explains
    """

    where: str
    carries: bool
    status: PatchStatus | None
    missing: str = ""

    @property
    def serves(self) -> bool:
        """Whether the patch applies there as it is."""
        return self.status is not None and self.status.state in SERVES


def served(
    distribution: Distribution,
    component: str,
    name: str,
    release: str,
    against: Sequence[str],
    *,
    bases: Bases,
    memo: Memo,
) -> list[Served]:
    """Try the form that a patch has in a release on every release that has the component, and on further refs.

    Patches before it in its own series that touch the same files go with it: it was made on top of them.

    :raises InputError: there is no such patch, component or release
    """
    series = read_series(distribution.series_directory(component, release))
    wanted = _named(series, name)
    together = Series(series.directory, (*_below(series, wanted), wanted))
    releases = [other for other in distribution.releases.values() if component in other.components]
    asked = [Asked(other.name, component) for other in releases] + [Asked(release, component, ref) for ref in against]
    found = bases.find(asked)
    rows = []
    for one in asked:
        base = found[one]
        where = one.against or one.release
        carried = read_series(distribution.series_directory(component, one.release)).patches if not one.against else ()
        carries = any(patch.name.rpartition("/")[2] == name.rpartition("/")[2] for patch in carried)
        if isinstance(base, StackwrightError):
            rows.append(Served(where, carries, None, str(base)))
            continue
        judged = status(base.store, base.tree, together, memo)
        row = next(row for row in judged if row.name == wanted.name and row.line)
        rows.append(Served(where, carries, replace(row, file=str(wanted.file))))
    return rows


def unbroken(rows: Sequence[Served], release: str) -> tuple[str, str] | None:
    """Give the first and the last of the run around a release that a patch serves; None if it does not serve it."""
    at = next(number for number, row in enumerate(rows) if row.where == release)
    if not rows[at].serves:
        return None
    first = last = at
    while first > 0 and rows[first - 1].serves:
        first -= 1
    while last + 1 < len(rows) and rows[last + 1].serves:
        last += 1
    return rows[first].where, rows[last].where


def _named(series: Series, name: str) -> Patch:
    for patch in series.patches:
        if name in (patch.name, patch.name.rpartition("/")[2]):
            return patch
    raise InputError(
        f"the series has no patch {name!r}",
        where=Where(file=series.directory / "series"),
        fix=suggestion(name, [patch.name for patch in series.patches]),
    )


def _below(series: Series, wanted: Patch) -> list[Patch]:
    """Give the patches that a patch stands on: those before it with files of its own, or of another of these."""
    paths = set(wanted.paths)
    below: list[Patch] = []
    for patch in reversed(series.patches[: series.patches.index(wanted)]):
        if patch.paths & paths:
            paths |= patch.paths
            below.insert(0, patch)
    return below
