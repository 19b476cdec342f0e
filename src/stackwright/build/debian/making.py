"""Packages of a distribution from one end to the other: planned, made, built, looked at and tried out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.debian.assembly import Assembly
from stackwright.build.debian.builder import DebPlan, SourcePackage, build_again, build_debs, find_debs
from stackwright.build.debian.component import Maker
from stackwright.build.debian.folder import FolderMaker, package_folder, package_folders
from stackwright.build.debian.lint import lint
from stackwright.build.debian.source import find_source, make_source
from stackwright.build.debian.trial import try_out
from stackwright.build.debian.verify import differences, other_packages
from stackwright.build.scratch import scratch_directory
from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError, StackwrightError, Where, suggestion
from stackwright.events import Kind
from stackwright.tools import dpkg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.build.cache import ArtifactCache
    from stackwright.build.debian.builder import BuiltDebs
    from stackwright.build.debian.source import SourcePlan
    from stackwright.distribution import Distribution, Release
    from stackwright.events import Events
    from stackwright.store import Memo, Store

OS_RELEASE = Path("/etc/os-release")


class State(StrEnum):
    """How far a package is."""

    TO_BUILD = "to build"
    SOURCE = "source"
    THERE = "there"
    BUILT = "built"


@dataclass(frozen=True)
class Wishes:
    """What is done with packages.

    :param suite: to build for; that of the source, else this machine's, if None
    :param tests: run their own tests in the build
    :param docs: build their documentation
    :param repositories: folders with .deb files that builds may take besides the suite's
    :param lintian: ask it
    :param verify: build a second time, and compare
    :param install: install what was built, ``modules`` or ``all``
    """

    suite: str | None = None
    tests: bool = False
    docs: bool = True
    repositories: tuple[Path, ...] = ()
    lintian: bool = True
    verify: bool = False
    install: str | None = None


@dataclass(frozen=True)
class Made:
    """A package, as far as it is made.

    :param name: of the component or the folder
    :param found: what lintian and the trial say
    :param place: the folder that it is in, or the source package alone
    """

    name: str
    source: str
    version: str
    suite: str
    state: State
    found: str = ""
    place: Path | None = None


@dataclass(frozen=True)
class Making:
    """Makes packages.

    :param logs: where builds write what they do
    """

    distribution: Distribution
    release: Release
    store: Store
    memo: Memo
    cache: ArtifactCache
    logs: Path
    events: Events

    def names(self) -> tuple[str, ...]:
        """Name all that becomes packages: components of the release, then folders.

        :raises InputError: nothing does
        """
        names = (*self._components.packaged(), *package_folders(self.distribution.root))
        if not names:
            raise InputError(
                f"nothing in {self.distribution.name} becomes a Debian package",
                where=Where(self.distribution.root),
                why="that is: components with a `debian` source and patches, components with a `packaging:`, and"
                " folders of packages/",
                fix="see docs/debian-packages.md",
            )
        return names

    def of_source(self, source: str) -> Iterator[tuple[str, SourcePlan]]:
        """Give what makes a source package of a name now: the component or the folder, and its plan.

        What cannot be planned makes none.
        """
        for name in (*self._components.packaged(), *package_folders(self.distribution.root)):
            try:
                plan, _ = self.plan(name, Wishes())
            except StackwrightError:
                continue
            if plan.name == source:
                yield name, plan

    def look(self, name: str, wishes: Wishes) -> Made:
        """Tell whether a package has to be built; nothing is."""
        plan, suite = self.plan(name, wishes)
        source = find_source(plan, self.cache)
        built = find_debs(self._deb_plan(source, suite, wishes), self.cache) if source else None
        state = State.THERE if built else State.TO_BUILD
        return Made(name, plan.name, plan.version, suite, state, place=built.directory if built else None)

    def source(self, name: str, wishes: Wishes) -> Made:
        """Make the source package alone."""
        plan, suite = self.plan(name, wishes)
        source = make_source(plan, store=self.store, cache=self.cache)
        return Made(name, source.name, source.version, suite, State.SOURCE, place=source.dsc)

    def build(self, name: str, wishes: Wishes) -> Made:
        """Make a package, and do with it what is wished.

        :raises StackwrightError: something does not succeed, or something was found
        """
        plan, suite = self.plan(name, wishes)
        source = make_source(plan, store=self.store, cache=self.cache)
        deb_plan = self._deb_plan(source, suite, wishes)
        log = self.logs / f"deb-{deb_plan.key}.log"
        known = find_debs(deb_plan, self.cache) is not None
        built = build_debs(deb_plan, cache=self.cache, log=log, events=self.events)
        found = []
        if wishes.lintian:
            found.append(self._linted(deb_plan, built, log))
        if wishes.verify:
            found.append(self._verify(deb_plan, built, log))
        if wishes.install:
            self.events.emit(Kind.PROGRESS, f"{source.name}/deb", "installing it in a clean system")
            tried = try_out(deb_plan, built, everything=wishes.install == "all", cache=self.cache, log=log)
            found.append(f"{len(tried.packages)} installed, imported: {', '.join(tried.modules) or 'nothing'}")
        state = State.THERE if known else State.BUILT
        return Made(name, source.name, source.version, suite, state, "; ".join(found), built.directory)

    def plan(self, name: str, wishes: Wishes) -> tuple[SourcePlan, str]:
        """Plan the source package of a component or a folder, and say for which suite it is built."""
        if name in self.release.components:
            plan = self._components.plan(name)
            return plan, wishes.suite or self._components.suite(name) or this_suite()
        folders = package_folders(self.distribution.root)
        if name not in folders:
            raise InputError(
                f"{name!r} is neither a component of {self.release.name} nor a folder of packages/",
                where=Where(self.distribution.root),
                fix=suggestion(name, {*self.release.components, *folders}),
            )
        folder = package_folder(self.distribution.root, name)
        assembly = Assembly(self.store, self.memo, self.distribution.name, self.distribution.maintainer)
        maker = FolderMaker(folder, assembly, self.store, self.memo, self.cache.directory, self.events)
        return maker.plan(), wishes.suite or this_suite()

    def _deb_plan(self, source: SourcePackage, suite: str, wishes: Wishes) -> DebPlan:
        return DebPlan(source, suite, dpkg.architecture(), wishes.tests, wishes.repositories, wishes.docs)

    @property
    def _components(self) -> Maker:
        return Maker(self.distribution, self.release, self.store, self.memo, self.cache.directory, self.events)

    def _linted(self, plan: DebPlan, built: BuiltDebs, log: Path) -> str:
        """Ask lintian, tell of every error, and give how many there are."""
        self.events.emit(Kind.PROGRESS, f"{plan.source.name}/deb", "lintian")
        tags = lint(plan, built, cache=self.cache, log=log)
        errors = [tag for tag in tags if tag.severity == "E"]
        for tag in errors:
            self.events.emit(Kind.WARNING, f"{plan.source.name}/lintian", str(tag))
        return f"lintian: {_count(len(errors), 'error')}, {_count(sum(tag.severity == 'W' for tag in tags), 'warning')}"

    def _verify(self, plan: DebPlan, built: BuiltDebs, log: Path) -> str:
        """Build once more, and say what that shows; the clean system may have newer packages by now.

        :raises CheckFailedError: something came out different
        """
        self.events.emit(Kind.PROGRESS, f"{plan.source.name}/deb", "a second time")
        with scratch_directory(self.cache.directory / "unfinished") as directory:
            other = build_again(plan, built, directory, cache=self.cache, log=log, events=self.events)
            (buildinfo,) = directory.glob("*.buildinfo")
            with_others = [f"with {one}" for one in other_packages(built.buildinfo, buildinfo)]
            if other:
                files = [line for name in other for line in differences(built.directory / name, directory / name)]
                raise CheckFailedError(
                    f"{plan.source.name} {plan.source.version} is not the same when it is built twice",
                    where=Where(built.directory),
                    details="\n".join(f"    {line}" for line in (*files, *with_others)),
                    why="what it is built with has changed since the first time"
                    if with_others
                    else "something in its build depends on when or in which order it runs",
                    fix="see https://reproducible-builds.org/docs/ for the usual causes",
                )
        return "; ".join(("the same twice", *with_others))


def this_suite() -> str:
    """Give the suite of this machine (os-release(5)).

    :raises EnvironmentLacksError: it does not say
    """
    text = OS_RELEASE.read_text() if OS_RELEASE.exists() else ""
    found = re.search(r"^VERSION_CODENAME=\"?([a-z]+)\"?$", text, re.MULTILINE)
    if found is None:
        raise EnvironmentLacksError("this machine is of no suite of Debian", fix="say for which: `--suite trixie`")
    return found[1]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
