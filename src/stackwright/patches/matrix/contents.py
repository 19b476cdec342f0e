"""One patch, many releases: which contents serve which releases, and which files could be one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.distribution.place import SHARED
from stackwright.errors import InputError, Where
from stackwright.patches.series import SERIES, read_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from stackwright.distribution import Distribution
    from stackwright.patches.model import Patch


@dataclass(frozen=True)
class Use:
    """A line of a series that names a patch."""

    release: str
    patch: Patch

    @property
    def file(self) -> Path:
        """The patch file that is meant."""
        assert self.patch.file is not None
        return self.patch.file.resolve()


@dataclass(frozen=True)
class Content:
    """A patch of a component, in one of its forms, and the releases that this form serves.

    :param change: digest of what the patch changes: forms that differ in their words only have the same
    """

    component: str
    name: str
    digest: str
    change: str
    uses: tuple[Use, ...]

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases, in the distribution's order."""
        return tuple(use.release for use in self.uses)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that have this content, each once."""
        return tuple(dict.fromkeys(use.file for use in self.uses))


def contents(distribution: Distribution, components: Iterable[str] = ()) -> list[Content]:
    """Give the distinct contents of the patches of components (of all), in the order of the series.

    :raises InputError: a component is in no release, or a series cannot be read
    """
    wanted = list(components) or list(dict.fromkeys(n for r in distribution.releases.values() for n in r.components))
    found: list[Content] = []
    for component in wanted:
        having = [release.name for release in distribution.releases.values() if component in release.components]
        if not having:
            next(iter(distribution.releases.values())).component(component)
        uses: dict[str, list[Use]] = {}
        for release in having:
            for patch in read_series(distribution.series_directory(component, release)).patches:
                uses.setdefault(_digest(patch), []).append(Use(release, patch))
        found += [
            Content(component, some[0].patch.name.rpartition("/")[2], digest, change_of(some[0].patch), tuple(some))
            for digest, some in uses.items()
        ]
    return found


def change_of(patch: Patch) -> str:
    """Give the digest of what a patch changes: the lines of its hunks, and not where they are or who says so."""
    sha = hashlib.sha256()
    for change in patch.changes:
        sha.update(f"{change.old}\0{change.new}\0{change.mode}\0".encode("utf-8", "surrogateescape"))
        if change.binary:
            sha.update(change.text)
        for hunk in change.hunks:
            sha.update(b"".join(hunk.old) + b"\0" + b"".join(hunk.new) + b"\0")
    return sha.hexdigest()


def mergeable(found: Iterable[Content]) -> list[Content]:
    """Give the contents that several files have."""
    return [content for content in found if len(content.files) > 1]


@dataclass(frozen=True)
class Merge:
    """What merging a content's files changes.

    :param shared: the one file that stays, in the component's folder ``shared``
    :param gone: the files that go
    :param files: what each file is to hold; None for those that go
    :param read: what the files held that this was made of
    """

    content: Content
    shared: Path
    gone: tuple[Path, ...]
    files: Mapping[Path, bytes | None]
    read: Mapping[Path, bytes | None]


def plan_merge(distribution: Distribution, content: Content) -> Merge:
    """Plan to merge the files of a content into one that all of its releases share. Nothing is changed.

    :raises InputError: another patch has the name, in the shared folder or in that of one of the releases
    """
    folder = distribution.root / "patches" / content.component
    shared = folder / SHARED / content.name
    if shared.exists() and shared.resolve() not in content.files:
        raise InputError(
            f"another patch has the name {content.name} in the shared folder",
            where=Where(file=shared),
            fix="rename one of the two",
        )
    series: dict[Path, bytes] = {}
    for use in content.uses:
        own = folder / use.release / content.name
        if own.exists() and own.resolve() not in content.files:
            raise InputError(
                f"the release {use.release} has another patch of the name {content.name}",
                where=Where(file=own),
                fix="rename one of the two",
            )
        file = folder / use.release / SERIES
        if use.patch.name != content.name:
            text = series.get(file) or file.read_bytes()
            series[file] = _renamed(text, use.patch.listed.line or 0, use.patch.name, content.name)
    gone = tuple(file for file in content.files if file != shared.resolve())
    files = {shared: content.files[0].read_bytes(), **series, **dict.fromkeys(gone)}
    read = {file: file.read_bytes() for file in (*content.files, *series)}
    return Merge(content, shared, gone, files, read)


def _renamed(text: bytes, number: int, old: str, new: str) -> bytes:
    lines = text.split(b"\n")
    lines[number - 1] = lines[number - 1].replace(old.encode("utf-8", "surrogateescape"), new.encode(), 1)
    return b"\n".join(lines)


def _digest(patch: Patch) -> str:
    assert patch.file is not None
    return hashlib.sha256(b"%d " % patch.strip + patch.file.read_bytes()).hexdigest()
