"""Who else names a patch file: the series of other releases that an edit of it would change as well."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, StackwrightError
from stackwright.patches.apply import apply
from stackwright.patches.conflict import PatchConflictError
from stackwright.patches.model import Series
from stackwright.patches.parse import parse
from stackwright.patches.series import SERIES, read_lines, read_series
from stackwright.sources.bases import Asked, Bases

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from stackwright.distribution import Distribution
    from stackwright.patches.editing.draft import Draft
    from stackwright.patches.model import Patch
    from stackwright.sources.bases import Base


@dataclass(frozen=True)
class Other:
    """Another series that names a file which is to change.

    :param after: the series with the file as it is to be
    """

    component: str
    release: str
    before: Series
    after: Series

    def __str__(self) -> str:
        """Name it for a person."""
        return f"{self.component} {self.release}"


def others(distribution: Distribution, draft: Draft) -> list[Other]:
    """Find the other series that a draft changes, by the patch files that they share."""
    written = {
        path.resolve(): data
        for path, data in draft.contents.items()
        if data is not None and path.exists() and path.read_bytes() != data
    }
    found = []
    for component, release, directory in _places(distribution) if written else ():
        if directory == draft.series.directory or not (directory / SERIES).exists():
            continue
        named = {line.file.resolve() for line in read_lines(directory) if not isinstance(line, InputError)}
        if named & written.keys():
            series = read_series(directory)
            after = tuple(_with(patch, written) for patch in series.patches)
            found.append(Other(component, release, series, Series(directory, after, series.disabled)))
    return found


def check(some: Iterable[Other], bases: Bases, *, same_tree: bool) -> Iterator[str]:
    """See that each of the other series still applies where it did; gives what a person should know of it.

    :param same_tree: it has to give the tree that it gives now, as ours does
    :raises CheckFailedError: one does not
    """
    wanted = {Asked(other.release, other.component): other for other in some}
    for asked, base in bases.find(list(wanted)).items():
        other = wanted[asked]
        if isinstance(base, StackwrightError):
            yield f"{other} has this patch too; it was not tried there: {base.what}"
            continue
        try:
            before = apply(base.store, base.tree, other.before).tree
        except PatchConflictError as error:
            yield f"{other} has this patch too; it was not tried there: {error.what} now"
            continue
        _check(other, base, before if same_tree else None)
        yield f"{other} has this patch too, and applies"


def is_named(distribution: Distribution, file: Path, folders: Collection[Path]) -> bool:
    """Tell whether a series other than those of some folders names a file, in a line that counts or is disabled."""
    return any(
        not isinstance(line, InputError) and line.file.resolve() == file.resolve()
        for _, _, other in _places(distribution)
        if other not in folders and (other / SERIES).exists()
        for line in read_lines(other)
    )


def _check(other: Other, base: Base, tree: str | None) -> None:
    only = f"type the same with --only RELEASE in place of --release: {other} keeps the patch that it has"
    try:
        after = apply(base.store, base.tree, other.after)
    except PatchConflictError as error:
        raise CheckFailedError(
            f"{other} has this patch too, and there {error.what.removeprefix('the patch ')} then",
            where=error.where,
            details=error.details,
            fix=only,
        ) from error
    if tree is not None and after.tree != tree:
        raise CheckFailedError(
            f"{other} has this patch too, and would give another tree",
            where=other.before.patches[0].listed,
            why="what goes from one patch to another goes within one series",
            fix=only,
        )


def _places(distribution: Distribution) -> Iterator[tuple[str, str, Path]]:
    for release in distribution.releases.values():
        for component in release.components:
            yield component, release.name, distribution.series_directory(component, release.name)


def _with(patch: Patch, written: Mapping[Path, bytes]) -> Patch:
    assert patch.file is not None
    data = written.get(patch.file.resolve())
    if data is None:
        return patch
    return replace(parse(data, name=patch.name, strip=patch.strip, listed=patch.listed), file=patch.file)
