"""What another version of a source package would break: relations, imports of modules that are gone, tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.apt_repository.indexes import SOURCE
from stackwright.build.backports.dependents import (
    Break,
    Dependent,
    broken_by,
    broken_relations,
    imported,
    modules_in,
)
from stackwright.build.backports.suites import indexed_source
from stackwright.build.debian.deb822 import paragraphs
from stackwright.build.debian.version import Version, compare, without_backport
from stackwright.build.scratch import fast_base, scratch_directory
from stackwright.errors import EnvironmentLacksError, InputError, StackwrightError
from stackwright.events import Kind
from stackwright.sources.download import NotDownloadedError, download
from stackwright.tools import apt_helper, dpkg_deb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from stackwright.build.apt_repository.record import Build, Package
    from stackwright.build.apt_repository.repository import Repository
    from stackwright.build.backports.building import Workshop
    from stackwright.build.backports.suites import Lists
    from stackwright.events import Events

OURS = "ours"


@dataclass(frozen=True)
class Change:
    """A source package, as it is now and as it is to be.

    :param old: its binary packages now: name -> where each is
    :param new: those to be; their files, where it is built
    """

    source: str
    version: str
    old: Mapping[str, Placed]
    new: Mapping[str, Placed]
    build: Build | None

    def with_version(self, version: str) -> Change:
        """Give it with the version that what is not built will have."""
        new = {name: Placed(Dependent(name, version, OURS, {})) for name in self.new}
        return Change(self.source, version, self.old, new, None)


@dataclass(frozen=True)
class Placed:
    """A binary package, and where its file is.

    :param file: that of ours
    :param urls: where that of a suite's may be
    :param sha256: its hash
    """

    dependent: Dependent
    file: Path | None = None
    urls: tuple[str, ...] = ()
    sha256: str = ""


class World:
    """All packages that machines can have: those of our repository, and those of the suite it is for.

    :param lists: the suite's indexes of binary packages
    :param uris: addresses of its archives
    """

    def __init__(self, repository: Repository, lists: Lists, uris: Iterable[str], cache: Path) -> None:
        self._repository = repository
        self._lists = lists
        self._uris = tuple(dict.fromkeys(uri.rstrip("/") for uri in uris))
        self._downloads = cache / "downloads"
        self.record = repository.record
        self._newest = self.record.newest()

    def change(self, source: str, version: str, candidate: tuple[str, ...]) -> Change:
        """Give a source package as it is now, and as it is to be.

        :param version: a version of ours, or the one that it is a backport of
        :param candidate: the binary packages that it is to make, where it is not built
        :raises InputError: nothing is known of it
        """
        builds = [build for build in self.record.builds.values() if build.source == source]
        chosen = [one for one in builds if version in (one.version, without_backport(one.version))]
        build = max(chosen, key=lambda one: Version.parse(one.version), default=None)
        before = [one for one in builds if build is not one and compare(one.version, version) < 0]
        old = self._of_build(max(before, key=lambda one: Version.parse(one.version))) if before else {}
        old = old or self._of_suite(source)
        if not old:
            raise InputError(
                f"nothing is there of {source} that is older than {version}",
                why=f"neither our repository nor {self._repository.suite} has it, so that nothing can break",
                fix="see `stackwright repository list`",
            )
        if build is not None:
            new = self._of_build(build)
        else:
            names = candidate or tuple(old)
            new = {name: Placed(Dependent(name, version, OURS, {})) for name in names}
        return Change(source, build.version if build else version, old, new, build)

    def dependents(self, change: Change) -> Iterator[Placed]:
        """Give the packages that name one of those that change, each in the version that a machine would have."""
        ours = {
            package.name
            for build in self._newest.values()
            for package in build.packages
            if package.architecture != SOURCE
        }
        for build in self._newest.values():
            if build.source != change.source:
                yield from (self._of_package(package) for package in build.packages)
        names = [name.encode() for name in change.old]
        for placed in self._scan(lambda text: any(name in text for name in names)):
            if placed.dependent.name not in ours and placed.dependent.name not in change.old:
                yield placed

    def paths(self, placed: Placed) -> tuple[str, ...]:
        """Give the paths of a package's files."""
        file = self.fetched(placed)
        return dpkg_deb.files_in(file) if file else ()

    def fetched(self, placed: Placed) -> Path | None:
        """Give the file of a package, downloaded if it is a suite's; nothing if it is not built.

        :raises EnvironmentLacksError: it cannot be had
        """
        if placed.file is not None or not placed.urls:
            return placed.file
        why = ""
        for url in placed.urls:
            try:
                return download(url, placed.sha256, self._downloads, lambda _: None)
            except NotDownloadedError as error:
                why = error.why
        name = placed.dependent.name
        raise EnvironmentLacksError(
            f"the package {name} {placed.dependent.version} cannot be had",
            why=why,
            fix="fetch the indexes anew: --update",
        )

    def _of_build(self, build: Build) -> dict[str, Placed]:
        return {one.name: self._of_package(one) for one in build.packages if one.architecture != SOURCE}

    def _of_package(self, package: Package) -> Placed:
        (fields,) = paragraphs(package.paragraph, self._repository.folder)
        file = self._repository.where(package.files[0].path)
        return Placed(Dependent(package.name, package.version, OURS, fields), file)

    def _of_suite(self, source: str) -> dict[str, Placed]:
        of_source = re.compile(rb"^(?:Source|Package): " + re.escape(source.encode()) + rb"(?: .*)?$", re.MULTILINE)
        found: dict[str, Placed] = {}
        for placed in self._scan(lambda text: of_source.search(text) is not None):
            fields = placed.dependent.fields
            if fields.get("Source", fields["Package"]).split()[0] == source:
                known = found.get(placed.dependent.name)
                if known is None or compare(known.dependent.version, placed.dependent.version) < 0:
                    found[placed.dependent.name] = placed
        return found

    def _scan(self, wanted: Callable[[bytes], bool]) -> Iterator[Placed]:
        for file in self._lists.indexes:
            for text in apt_helper.content(file).split(b"\n\n"):
                if not wanted(text):
                    continue
                for fields in paragraphs(text, file):
                    dependent = Dependent(fields["Package"], fields["Version"], self._repository.suite, fields)
                    urls = tuple(f"{uri}/{fields['Filename']}" for uri in self._uris)
                    yield Placed(dependent, None, urls, fields["SHA256"])


def impact(world: World, change: Change, events: Events) -> tuple[Break, ...]:
    """Give what a change breaks: relations first, then imports of modules that are gone.

    :raises EnvironmentLacksError: a package that has to be looked into cannot be had
    :raises InputError: a package's relations cannot be read
    """
    placed = list(world.dependents(change))
    dependents = [one.dependent for one in placed]
    old = {name: one.dependent.version for name, one in change.old.items()}
    new = {name: one.dependent.version for name, one in change.new.items()}
    try:
        found = [*broken_relations(dependents, old, new)]
        found += broken_by([one.dependent for one in change.new.values()], dependents)
    except ValueError as error:
        raise InputError("relations between packages cannot be read", why=str(error)) from error
    if change.build is None:
        events.emit(Kind.NOTE, change.source, f"{change.version} is not built: its modules are not compared")
        return tuple(found)
    gone = _gone(world, change)
    if gone:
        events.emit(Kind.NOTE, change.source, f"modules that are gone: {', '.join(sorted(gone))}")
        using = [one for one in placed if _names_any(one.dependent, old)]
        for number, one in enumerate(using, start=1):
            events.emit(Kind.PROGRESS, change.source, f"imports of {one.dependent.name} ({number} of {len(using)})")
            found += _imports(world, one, gone)
    return tuple(found)


def broken_tests(change: Change, world: World, workshop: Workshop) -> Iterator[Break]:
    """Build those of ours again that are built with what changes, with their tests, and give those that fail.

    :raises InputError: the other version is not built
    """
    if change.build is None:
        raise InputError(
            f"{change.source} {change.version} is not in our repository",
            why="tests of other packages run with it installed",
            fix=f"build it first: stackwright backport build {change.source}",
        )
    old = {name: one.dependent.version for name, one in change.old.items()}
    builds = {**world.record.newest(), change.source: change.build}
    for build in builds.values():
        sources = [package for package in build.packages if package.architecture == SOURCE]
        for package in sources if build is not change.build else ():
            (fields,) = paragraphs(package.paragraph, workshop.repository.folder)
            if not _names_any(Dependent(package.name, package.version, OURS, fields), old):
                continue
            try:
                workshop.build_again(package, indexed_source(fields, package.name).relations, builds.values())
            except StackwrightError as error:
                yield Break(build.source, build.version, OURS, "its tests", f"{error.what}: {error.where}")


def _gone(world: World, change: Change) -> frozenset[str]:
    """Give the modules that the packages had and have no more; a package's also stand for what is in it."""
    before, after = (
        frozenset().union(*(modules_in(world.paths(one)) for one in side.values())) for side in (change.old, change.new)
    )
    return before - after


def _imports(world: World, placed: Placed, gone: frozenset[str]) -> Iterator[Break]:
    """Give what a package imports of the modules that are gone."""
    file = world.fetched(placed)
    if file is None or file.suffix != ".deb":
        return
    dependent = placed.dependent
    with scratch_directory(fast_base()) as folder:
        dpkg_deb.extract(file, folder)
        lost: dict[str, Path] = {}
        for source in sorted(folder.rglob("*.py")):
            for name in imported(source.read_text("utf-8", "replace")) & gone:
                lost.setdefault(name, source.relative_to(folder))
    for name, path in sorted(lost.items()):
        yield Break(dependent.name, dependent.version, dependent.origin, f"import {name}", f"/{path} imports it")


def _names_any(dependent: Dependent, names: Iterable[str]) -> bool:
    fields = [
        value for field, value in dependent.fields.items() if field.lower().endswith(("depends", "-indep", "-arch"))
    ]
    words = set(re.findall(r"[a-z0-9][a-z0-9+.-]+", " ".join(fields)))
    return not words.isdisjoint(names)
