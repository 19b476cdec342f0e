"""A release becomes an archive: its sources, patches, packages, what was built of it, and how it was resolved."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stackwright.build.cache import sha256_of
from stackwright.build.debian.builder import DEBS
from stackwright.build.debian.source import SOURCES
from stackwright.build.environment import completed
from stackwright.build.image import oci
from stackwright.build.image.carried import carried
from stackwright.build.image.layout import Layout
from stackwright.build.image.sbom import PYPI, Package, of_release
from stackwright.build.release_archive.packages import Packages
from stackwright.build.release_archive.parts import (
    BILLS,
    DISTRIBUTION,
    DOWNLOADS,
    FILE_TYPE,
    LOCKS,
    MEMO,
    PACKAGES,
    SUMMARY_TYPE,
    TREES,
    TYPE,
    WHEELS,
    PathTree,
    Summary,
    images_of,
)
from stackwright.build.wheel import build_wheel, tools_of
from stackwright.distribution.sources import DebianSource, PypiSource
from stackwright.events import Kind
from stackwright.sources import resolve
from stackwright.sources.download import cached
from stackwright.tools import git_work_tree, python

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from stackwright.build.closure import Closure
    from stackwright.build.environment import EnvironmentPlan
    from stackwright.build.image.carried import Carried
    from stackwright.build.patched import PatchedComponent
    from stackwright.build.release_archive.packages import PackageFile
    from stackwright.build.workshop import Workshop
    from stackwright.distribution import Distribution, Release
    from stackwright.sources import SourceTree
    from stackwright.store.memo import RecordingMemo

# What is not the distribution's: its history, and secrets, encrypted as they may be.
LEFT_OUT = (".git", "secrets")
SUBJECT = "archive"


@dataclass(frozen=True)
class Made:
    """An archive.

    :param digest: of its manifest: what it is known by
    :param files: path -> blob
    """

    reference: str
    digest: str
    files: Mapping[str, oci.Descriptor]


class Archiver:
    """Makes the archive of a release.

    :param shop: its memo records what is asked of it: an archive carries the answers, so that nobody has to be asked
    :param memo: that memo
    """

    def __init__(
        self, distribution: Distribution, release: Release, shop: Workshop, memo: RecordingMemo, directory: Path
    ) -> None:
        self.distribution, self.release, self.shop, self.memo = distribution, release, shop, memo
        self.layout = Layout(directory)
        self._files: dict[str, oci.Descriptor] = {}

    def make(self, plans: Mapping[str, EnvironmentPlan], images: Layout) -> Made:
        """Make it; it has its name when all is in it.

        :param plans: name -> an environment that can be made of it
        :param images: where the images are that were built
        :raises StackwrightError: a source or a package cannot be had, a series does not apply, a build fails
        """
        begun = time.monotonic()
        shop = self.shop
        shop.events.emit(Kind.STARTED, SUBJECT, f"the release {self.release.name}")
        sources = self._resolved()
        patched = shop.patched(self.distribution, self.release)
        self._wheels(patched.values())
        locked = self._locked(plans)
        tools = [tools_of(one.wheel, store=shop.store, memo=self.memo) for one in patched.values()]
        packages = self._packages([*tools, *(plan.closure for plan in plans.values()), *locked.values()])
        self._bills(packages, carried(patched.values()), locked)
        trees = tuple(self._sources(sources.values()))
        self._debian({*(one.tree for one in sources.values()), *(one.applied.tree for one in patched.values())})
        self.layout.take(images, images_of(images, self.release.name))
        for path, file in self._distribution_files():
            self._add(f"{DISTRIBUTION}/{path}", self.layout.add(file.read_bytes(), FILE_TYPE))
        rows = sorted((kind, key, value) for (kind, key), value in self.memo.used.items())
        self._add(MEMO, self.layout.add(json.dumps(rows, indent=0).encode(), FILE_TYPE))
        summary = Summary(
            release=self.release.name,
            python=self.release.python,
            trees=trees,
            patched={name: one.applied.tree for name, one in sorted(patched.items())},
        )
        made = self._named(summary)
        size = sum({one.digest: one.size for one in made.files.values()}.values())
        took = time.monotonic() - begun
        shop.events.emit(Kind.DONE, SUBJECT, f"{len(made.files)} files, {size / 1e6:.1f} MB", took)
        return made

    def _resolved(self) -> Mapping[str, SourceTree]:
        shop = self.shop
        return resolve(
            self.release.components.values(),
            self.release,
            store=shop.store,
            memo=self.memo,
            cache=shop.artifacts.directory,
            events=shop.events,
        )

    def _wheels(self, patched: Iterable[PatchedComponent]) -> None:
        shop, wanted = self.shop, {one.wheel.key: one.wheel for one in patched}
        for key, one in wanted.items():
            log = shop.logs / f"{key}.log"
            wheel = build_wheel(one, store=shop.store, cache=shop.artifacts, memo=self.memo, log=log)
            for file in sorted(wheel.path.parent.iterdir()):
                self._file(f"{WHEELS}/{key}/{file.name}", file)

    def _locked(self, plans: Mapping[str, EnvironmentPlan]) -> Mapping[str, Closure]:
        """Give what is in each environment: name -> closure."""
        closures = {}
        for name, plan in plans.items():
            closures[name], _ = completed(plan, cache=self.shop.artifacts, memo=self.memo)
            self._add(f"{LOCKS}/{name}.txt", self.layout.add(closures[name].lock.encode(), FILE_TYPE))
        return closures

    def _packages(self, closures: Iterable[Closure]) -> Collection[PackageFile]:
        release, downloads = self.release, self.shop.artifacts.directory / "downloads"
        packages = Packages(
            release.python,
            python.interpreter(release.python),
            release.pins.exclude_newer,
            memo=self.memo,
            downloads=downloads,
        )
        progress = partial(self.shop.events.emit, Kind.PROGRESS, SUBJECT)
        files = packages.fetch(closures, progress)
        for package, file in files.items():
            self._file(f"{PACKAGES}/{package.file}", file)
        return files

    def _bills(self, files: Iterable[PackageFile], ours: tuple[Carried, ...], locked: Mapping[str, Closure]) -> None:
        """Write a bill of materials of the whole, with what it is built with, and one of each environment."""
        packages = {Package(PYPI, canonicalize_name(one.name), one.version, sha256=one.sha256) for one in files}
        bills = {"release": of_release(self.release.name, packages, ours)}
        for name, closure in locked.items():
            within = [one for one in packages if closure.pins.get(one.name) == one.version]
            of_ours = [one for one in ours if canonicalize_name(one.distribution) in closure.pins]
            bills[name] = of_release(f"{self.release.name}/{name}", within, of_ours)
        for name, bill in bills.items():
            self._add(f"{BILLS}/{name}.cdx.json", self.layout.add(bill, FILE_TYPE))

    def _debian(self, trees: Collection[str]) -> None:
        """Keep the Debian packages that were built of some trees, and their source packages."""
        cache = self.shop.artifacts
        made_of = {key: str(cache.provenance(SOURCES, key).inputs["tree"]) for key in cache.keys(SOURCES)}
        wanted = {key for key, tree in made_of.items() if tree in trees}
        hashes = {sha256 for key in wanted for sha256 in cache.provenance(SOURCES, key).outputs.values()}
        built = {key for key in cache.keys(DEBS) if cache.provenance(DEBS, key).inputs["dsc"] in hashes}
        for kind, keys in ((SOURCES, wanted), (DEBS, built)):
            for key in sorted(keys):
                for file in sorted((cache.directory / kind / key).iterdir()):
                    self._file(f"{kind}/{key}/{file.name}", file)

    def _sources(self, sources: Iterable[SourceTree]) -> Iterator[PathTree]:
        """Keep what the sources came as, where that is a file; else their trees, which are given."""
        downloads = self.shop.artifacts.directory / "downloads"
        for one in sources:
            source = one.component.source
            file = cached(downloads, one.digest) if isinstance(source, PypiSource | DebianSource) else None
            if file is not None:
                self._file(f"{DOWNLOADS}/{one.digest}/{file.name}", file)
            if file is None or isinstance(source, DebianSource):
                self._add(f"{TREES}/{one.tree}.pack", self.layout.add(self.shop.store.packed(one.tree), FILE_TYPE))
            if file is None:
                yield PathTree(component=one.component.name, tree=one.tree, version=one.version)

    def _distribution_files(self) -> Iterator[tuple[str, Path]]:
        root, archive = self.distribution.root.resolve(), self.layout.directory.resolve()
        ignored = frozenset(git_work_tree.ignored(root))
        for file in sorted(root.rglob("*")):
            path = file.relative_to(root)
            if path.parts[0] in LEFT_OUT or archive in file.parents or path.as_posix() in ignored:
                continue
            if file.is_file() and not file.is_symlink():
                yield path.as_posix(), file

    def _file(self, path: str, file: Path) -> None:
        """Take a file of the cache, which is never changed."""
        blob = oci.Descriptor(media_type=FILE_TYPE, digest=f"sha256:{sha256_of(file)}", size=file.stat().st_size)
        self.layout.add_file(file, blob)
        self._add(path, blob)

    def _add(self, path: str, blob: oci.Descriptor) -> None:
        self._files[path] = blob.model_copy(update={"annotations": {oci.TITLE: path}})

    def _named(self, summary: Summary) -> Made:
        content = json.dumps(summary.model_dump(mode="json"), sort_keys=True, indent=1).encode()
        manifest = oci.Manifest(
            schema_version=2,
            media_type=oci.MANIFEST,
            artifact_type=TYPE,
            config=self.layout.add(content, SUMMARY_TYPE),
            layers=tuple(self._files[path] for path in sorted(self._files)),
        )
        blob = self.layout.add(oci.written(manifest), oci.MANIFEST).model_copy(update={"artifact_type": TYPE})
        self.layout.name(summary.release, blob)
        return Made(summary.release, blob.digest, self._files)
