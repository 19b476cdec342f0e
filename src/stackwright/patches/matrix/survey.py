"""Fill the matrix: every series on the tree of its release, and on further refs, in parallel and without a checkout."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from stackwright.distribution import GitSource, PypiSource
from stackwright.distribution.place import SHARED
from stackwright.errors import InputError, StackwrightError
from stackwright.patches.history.upstreamed import Upstreamed
from stackwright.patches.matrix.cells import Cell, Evidence, Matrix, PatchStatus, State
from stackwright.patches.matrix.matrix_json import dump_evidence, load_evidence
from stackwright.patches.matrix.states import status
from stackwright.patches.metadata import summary
from stackwright.patches.series import patch_files, read_series
from stackwright.sources.bases import Asked, Base, Bases

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from stackwright.distribution import Distribution
    from stackwright.patches.model import Patch, Series
    from stackwright.store import Memo, Store

# Upstream's history is asked about what does not apply; `patch upstreamed` asks about all.
LOOKED_UP = frozenset({State.CONFLICT, State.FUZZ, State.UPSTREAM})


@dataclass(frozen=True)
class Wanted:
    """What of the matrix is wanted.

    :param components: their names; all that have patches if there are none
    :param releases: their names; all if there are none
    :param against: further refs, versions or releases
    """

    components: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


def survey(distribution: Distribution, wanted: Wanted, *, bases: Bases, memo: Memo) -> Matrix:
    """Fill the matrix.

    :raises InputError: a component, a release or a ref is nowhere; a series cannot be read, or leaves its tree
    :raises StackwrightError: there is not a single tree to try a series on
    """
    series = read_all(distribution, wanted)
    columns = ("", *wanted.against)
    asked = [Asked(release, component, against) for component, release in series for against in columns]
    found = bases.find(asked)
    _check_sources([found[one] for one in asked if not one.against])
    check_refs(wanted.against, found)
    histories = Histories(bases.cache, memo)
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1), thread_name_prefix="cell") as pool:
        cells = list(
            pool.map(lambda one: _cell(one, found[one], series[one.component, one.release], memo, histories), asked)
        )
    histories.close()
    cells = _with_lost(distribution, cells)
    root = distribution.root
    files = {patch.file for row in cells for patch in row.patches if patch.file}
    return Matrix(
        distribution.name,
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        tuple(_placed_in(cell, root) for cell in cells),
        {_in(root, file): _text(root / file) for file in sorted(files)},
    )


def lasting(distribution: Distribution, matrix: Matrix) -> bool:
    """Tell whether a matrix stays true as long as neither the distribution's files nor the mirrors change."""
    components = (distribution.release(cell.release).component(cell.component) for cell in matrix.cells)
    return not any(cell.missing for cell in matrix.cells) and all(
        isinstance(component.source, GitSource | PypiSource) for component in components
    )


def read_all(distribution: Distribution, wanted: Wanted) -> dict[tuple[str, str], Series]:
    """Read the series that are wanted; those without any patch file are no part of the matrix."""
    releases = [distribution.release(name) for name in wanted.releases or distribution.releases]
    for name in wanted.components:
        if not any(name in release.components for release in releases):
            releases[0].component(name)
    found = {}
    names = list(dict.fromkeys(name for release in releases for name in release.components))
    for name in names:
        for release in releases:
            if name not in release.components or (wanted.components and name not in wanted.components):
                continue
            directory = distribution.series_directory(name, release.name)
            series = read_series(directory)
            if series.patches or series.disabled or patch_files(directory):
                found[name, release.name] = series
    return found


def _check_sources(results: Sequence[Base | StackwrightError]) -> None:
    """See that there is a tree at all: with none, there is nothing to tell but why."""
    errors = [result for result in results if isinstance(result, StackwrightError)]
    if results and len(errors) == len(results):
        raise errors[0]


def check_refs(against: Iterable[str], found: Mapping[Asked, Base | StackwrightError]) -> None:
    """See that each further ref is somewhere: one that is nowhere is a mistake."""
    for ref in against:
        results = [result for one, result in found.items() if one.against == ref]
        errors = [result for result in results if isinstance(result, StackwrightError)]
        if results and len(errors) == len(results):
            wrong = [error for error in errors if isinstance(error, InputError)]
            raise (wrong or errors)[0]


class Histories:
    """What the histories of mirrors know of patches that do not apply; each history is opened once.

    :param cache: the cache directory
    """

    def __init__(self, cache: Path, memo: Memo) -> None:
        self.cache = cache
        self.memo = memo
        self._lock = threading.Lock()
        self._opened: dict[Path, Upstreamed] = {}

    def evidence(self, base: Base, patch: Patch) -> Evidence | None:
        """Give what shows that the history of a base has a patch; None without such, and without a history."""
        if base.commit is None:
            return None
        words = hashlib.sha256(patch.head + patch.diff).hexdigest()
        key = f"{base.commit} {words}"
        known = self.memo.get("evidence", key)
        if known is not None:
            return load_evidence(known)
        found = self._history(base.store).evidence(base.commit, patch)
        self.memo.put("evidence", key, dump_evidence(found))
        return found

    def close(self) -> None:
        """Let go of the histories."""
        for history in self._opened.values():
            history.close()

    def _history(self, store: Store) -> Upstreamed:
        with self._lock:
            if store.directory not in self._opened:
                self._opened[store.directory] = Upstreamed(store, self.cache)
            return self._opened[store.directory]


def _cell(one: Asked, base: Base | StackwrightError, series: Series, memo: Memo, histories: Histories) -> Cell:
    cell = Cell(one.component, one.release, one.against, "")
    if isinstance(base, StackwrightError):
        return replace(cell, missing=str(base))
    rows = status(base.store, base.tree, series, memo)
    patches = {patch.name: patch for patch in series.patches}
    return replace(
        cell,
        target=base.origin,
        commit=base.commit or "",
        note=base.note,
        patches=tuple(_told(row, patches.get(row.name) if row.line else None, base, histories) for row in rows),
    )


def _told(row: PatchStatus, patch: Patch | None, base: Base, histories: Histories) -> PatchStatus:
    """Add what the patch says of itself, and, where it does not apply, what upstream's history says."""
    if patch is None:
        return row
    row = replace(row, about=summary(patch.metadata, date.today()))
    if row.state not in LOOKED_UP:
        return row
    evidence = histories.evidence(base, patch)
    return replace(row, state=State.UPSTREAM, evidence=evidence) if evidence else row


def _with_lost(distribution: Distribution, cells: list[Cell]) -> list[Cell]:
    """Add the shared patches that no series names: they are no release's, and are told with a component's last one."""
    last = {cell.component: number for number, cell in enumerate(cells) if not cell.against}
    shared = {name: patch_files(distribution.root / "patches" / name / SHARED) for name in last}
    if not any(shared.values()):
        return cells
    named: set[Path] = set()
    for series in read_all(distribution, Wanted()).values():
        named |= {patch.file.resolve() for patch in series.patches if patch.file}
        named |= {line.file.resolve() for line in series.disabled}
    found = list(cells)
    for name, files in shared.items():
        lost = [
            PatchStatus(f"../{SHARED}/{file.name}", str(file), 0, State.UNLISTED)
            for file in files
            if file.resolve() not in named
        ]
        cell = found[last[name]]
        found[last[name]] = replace(cell, patches=(*cell.patches, *lost))
    return found


def _placed_in(cell: Cell, root: Path) -> Cell:
    patches: Sequence[PatchStatus] = [replace(patch, file=_in(root, patch.file)) for patch in cell.patches]
    return replace(cell, patches=tuple(patches))


def _in(root: Path, file: str) -> str:
    return os.path.relpath(os.path.normpath(file), root)


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "backslashreplace")
