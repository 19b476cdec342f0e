"""What of a release becomes Debian packages: the components that come from Debian, and those with a packaging."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion

from stackwright.build.debian.assembly import Assembly, Base, packaging_of, parted
from stackwright.build.debian.source import OfTree
from stackwright.build.debian.version import of_upstream, ours
from stackwright.distribution.place import SHARED
from stackwright.distribution.sources import DebianSource
from stackwright.errors import InputError
from stackwright.events import Kind
from stackwright.patches import read_series
from stackwright.sources import resolve
from stackwright.sources.debian import DebianPackage
from stackwright.sources.mirror import open_mirror
from stackwright.tools import git_revisions

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.build.debian.source import SourcePlan
    from stackwright.distribution import Component, Distribution, Release
    from stackwright.events import Events
    from stackwright.patches.model import Series
    from stackwright.sources import SourceTree
    from stackwright.store import Memo, Store, TreeId


@dataclass(frozen=True)
class Maker:
    """Plans the source packages of a release.

    :param cache: the cache directory
    """

    distribution: Distribution
    release: Release
    store: Store
    memo: Memo
    cache: Path
    events: Events

    def packaged(self) -> tuple[str, ...]:
        """Name the components that become packages of ours."""
        return tuple(name for name, component in self.release.components.items() if self._lacks(component) is None)

    def plan(self, name: str) -> SourcePlan:
        """Plan the source package of a component, with its series.

        :raises InputError: it has neither patches nor a packaging, or something is wrong with these
        :raises PatchConflictError: the series does not apply
        :raises EnvironmentLacksError: a source cannot be reached
        """
        component = self.release.component(name)
        lacking = self._lacks(component)
        if lacking is not None:
            raise lacking
        resolved = resolve(
            [component], self.release, store=self.store, memo=self.memo, cache=self.cache, events=self.events
        )
        assembly = Assembly(self.store, self.memo, self.distribution.name, self.distribution.maintainer)
        number = self._number(component)
        version = partial(ours, number=number)
        series = self._series(component)
        if isinstance(component.source, DebianSource):
            base = self._base(component, component.source, resolved[name])
            where = self.release.where("components", name, "source")
            return assembly.of_package(base, version, number, *parted(series), where)
        where = self.release.where("components", name, "packaging")
        packaging = packaging_of(self.store, self._packaging(component), where)
        upstream = self._upstream(component, resolved[name])
        tree = OfTree(resolved[name].origin, resolved[name].tree, resolved[name])
        return assembly.of_tree(tree, packaging, upstream, version, number, series, where)

    def suite(self, name: str) -> str | None:
        """Give the suite that a component's package is of, if its source says."""
        source = self.release.component(name).source
        return source.suite if isinstance(source, DebianSource) else None

    def _series(self, component: Component) -> Series:
        return read_series(self.distribution.series_directory(component.name, self.release.name))

    def _lacks(self, component: Component) -> InputError | None:
        """Say what a component lacks to become a package of ours."""
        where = self.release.where("components", component.name, key=True)
        if isinstance(component.source, DebianSource):
            if self._series(component).patches:
                return None
            return InputError(
                f"{component.name} has no patches in {self.release.name}: Debian's own package is as good",
                where=where,
                fix="`stackwright patch new` makes one",
            )
        if component.packaging is not None:
            return None
        return InputError(
            f"{component.name} has no packaging",
            where=where,
            fix="add `packaging: {path: FOLDER}`, with a folder `debian` in it",
        )

    def _base(self, component: Component, source: DebianSource, resolved: SourceTree) -> Base:
        package = DebianPackage(
            source,
            partial(self.release.where, "components", component.name, "source"),
            self.store,
            self.memo,
            self.cache,
            partial(self.events.emit, Kind.PROGRESS, f"source/{component.name}"),
        )
        return Base(source.debian, source.version, resolved.tree, resolved.digest, package.fetch)

    def _packaging(self, component: Component) -> TreeId:
        """Give the tree that the packaging is in."""
        packaging = component.packaging
        assert packaging is not None
        if packaging.path is not None:
            return self.store.import_directory(packaging.path)
        assert packaging.git is not None
        assert packaging.ref is not None
        mirror = open_mirror(packaging.git, self.cache, self.events)
        return self.store.take(mirror, mirror.tip(packaging.ref).tree)

    def _upstream(self, component: Component, source: SourceTree) -> str:
        try:
            return of_upstream(source.version)
        except InvalidVersion as error:
            raise InputError(
                f"{source.version!r} cannot be the version of a package",
                where=self.release.where("components", component.name, "source"),
                fix="add `version:` to the source",
            ) from error

    def _number(self, component: Component) -> int:
        """Give which of our packages it is: how often its series and its packaging have been changed."""
        root = self.distribution.root
        patches = root / "patches" / component.name
        paths = [patches / self.release.name, patches / SHARED]
        if component.packaging and component.packaging.path and component.packaging.path.is_relative_to(root):
            paths.append(component.packaging.path)
        return number_of_changes(root, paths, f"{component.name}/deb", self.events)


def number_of_changes(root: Path, paths: list[Path], subject: str, events: Events) -> int:
    """Count how often something has been changed in the distribution; once where that is no git repository.

    :param subject: of the event that tells of a history that is cut off
    """
    shallow = git_revisions.is_shallow(root)
    if shallow is None:
        return 1
    if shallow:
        told = "the repository is a shallow clone: the package's number counts only the commits that are in it"
        events.emit(Kind.WARNING, subject, told)
    return max(1, git_revisions.changes(root, paths) or 1)
