"""Sources become trees."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from email.parser import HeaderParser
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from stackwright.distribution import DebianSource, GitSource, PathSource, PypiSource
from stackwright.errors import CheckFailedError, InputError, ManyInputsError, StackwrightError
from stackwright.events import Kind
from stackwright.sources.debian import debian_tree
from stackwright.sources.download import cached, download, intact
from stackwright.sources.index import Sdist, Wanted, look_up
from stackwright.sources.mirror import open_mirror
from stackwright.sources.model import SourceTree
from stackwright.sources.refs import short
from stackwright.store import TreeId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stackwright.distribution import Component, Release
    from stackwright.errors import Where
    from stackwright.events import Events
    from stackwright.sources.mirror import Tip
    from stackwright.store import Memo, Store

AT_ONCE = 4


def resolve(
    components: Iterable[Component], release: Release, *, store: Store, memo: Memo, cache: Path, events: Events
) -> Mapping[str, SourceTree]:
    """Let the store have the upstream tree of each component. What is there already needs no network.

    :param cache: the cache directory; downloads are kept in it
    :param events: is told of each component as ``source/NAME``
    :return: by component name, in the order given
    :raises InputError: a source is wrong: all that are, together
    :raises CheckFailedError: a download has another hash than it has to have
    :raises EnvironmentLacksError: no network, no space
    """
    results = attempts(components, release, store=store, memo=memo, cache=cache, events=events)
    errors = list(dict.fromkeys(result for result in results.values() if isinstance(result, StackwrightError)))
    if errors:
        wrong = [error for error in errors if isinstance(error, InputError)]
        raise errors[0] if len(errors) == 1 or len(wrong) != len(errors) else ManyInputsError(wrong)
    return {name: tree for name, tree in results.items() if isinstance(tree, SourceTree)}


def attempts(
    components: Iterable[Component], release: Release, *, store: Store, memo: Memo, cache: Path, events: Events
) -> Mapping[str, SourceTree | StackwrightError]:
    """Do as `resolve` does; what is wrong with a component is given for it, and does not cut the others off."""
    wanted = list(components)
    resolver = _Resolver(release, store, memo, cache / "downloads", events)
    failed = resolver.look_up(wanted)
    found = [component for component in wanted if component.name not in failed]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="source") as pool:
        results = dict(zip((component.name for component in found), pool.map(resolver.attempt, found), strict=True))
    return {component.name: (failed | results)[component.name] for component in wanted}


class _Resolver:
    """What the components of one resolving have in common."""

    def __init__(self, release: Release, store: Store, memo: Memo, downloads: Path, events: Events) -> None:
        self.release = release
        self.store = store
        self.memo = memo
        self.downloads = downloads
        self.events = events
        self.sdists: Mapping[str, Sdist] = {}

    def look_up(self, components: Iterable[Component]) -> dict[str, StackwrightError]:
        """Ask the package index, once, for all sdists that are neither in the store nor in the cache.

        :return: what is wrong, by component: by one question each where the one for all is refused
        """
        missing = []
        for component in components:
            if isinstance(component.source, PypiSource):
                sha256 = self._sha256(component.source)
                if sha256 is None or not (self._known(sha256) or cached(self.downloads, sha256)):
                    missing.append(self._wanted(component, component.source))
        try:
            self.sdists = look_up(missing, self.release) if missing else {}
        except InputError as error:
            if len(missing) == 1:
                return {missing[0].component.name: error}
            failed: dict[str, StackwrightError] = {}
            for one in missing:
                try:
                    self.sdists = {**self.sdists, **look_up([one], self.release)}
                except StackwrightError as its_own:
                    failed[one.component.name] = its_own
            return failed
        except StackwrightError as error:  # the index cannot be reached: that is no different for one
            return {one.component.name: error for one in missing}
        return {}

    def attempt(self, component: Component) -> SourceTree | StackwrightError:
        """Resolve one component; an error is given, so that the others are not cut off by it."""
        subject, start = f"source/{component.name}", time.monotonic()
        self.events.emit(Kind.STARTED, subject)

        def progress(message: str) -> None:
            self.events.emit(Kind.PROGRESS, subject, message)

        try:
            tree = self._resolve(component, progress)
        except StackwrightError as error:
            self.events.emit(Kind.FAILED, subject, error.what, time.monotonic() - start)
            return error
        self.events.emit(Kind.DONE, subject, tree.origin, time.monotonic() - start)
        return tree

    def _resolve(self, component: Component, progress: Callable[[str], None]) -> SourceTree:
        source = component.source
        if isinstance(source, PypiSource):
            sha256, tree = self._sdist(component, source, progress)
            origin = f"{source.pypi} {source.version} (sdist sha256 {sha256})"
            return SourceTree(component, tree, source.version, origin, sha256)
        if isinstance(source, GitSource):
            tip, tree = self._tip(component, source)
            origin = f"{source.git} {short(tip.ref)} (commit {tip.commit}{'; ' if tip.note else ''}{tip.note})"
            return SourceTree(component, tree, self._version(component, tree, source), origin, tip.commit)
        if isinstance(source, DebianSource):
            where = partial(self.release.where, "components", component.name, "source")
            cache = self.downloads.parent
            return debian_tree(
                component, source, where, store=self.store, memo=self.memo, cache=cache, progress=progress
            )
        tree = self.store.import_directory(source.path)
        return SourceTree(component, tree, self._version(component, tree, source), f"{source.path} (tree {tree})", tree)

    def _tip(self, component: Component, source: GitSource) -> tuple[Tip, TreeId]:
        """Give what a ref leads to in the mirror as it is, and its tree, which the store has then."""
        mirror = open_mirror(source.git, self.downloads.parent, self.events)
        try:
            tip = mirror.tip(source.ref)
        except InputError as error:
            where = self.release.where("components", component.name, "source", "ref")
            raise InputError(error.what, where=where, why=error.why, fix=error.fix) from error
        if tip.note:
            self.events.emit(Kind.NOTE, f"source/{component.name}", tip.note)
        return tip, self.store.take(mirror, tip.tree)

    def _sdist(self, component: Component, source: PypiSource, progress: Callable[[str], None]) -> tuple[str, TreeId]:
        """Give the hash and the tree of an sdist: from the store, else from the cache, else from the index."""
        sha256 = self._sha256(source) or self.sdists[component.name].sha256
        tree = self._known(sha256)
        if tree is None:
            tree = self.store.import_sdist(self._file(component, source, sha256, progress))
            self.memo.put("sdist", sha256, tree)
        self.memo.put("index", self._index_key(source), sha256)
        return sha256, tree

    def _file(self, component: Component, source: PypiSource, sha256: str, progress: Callable[[str], None]) -> Path:
        file = cached(self.downloads, sha256)
        if file is not None:
            if intact(file, sha256):
                return file
            self.events.emit(
                Kind.WARNING, f"source/{component.name}", f"{file} was changed since its download: fetched again"
            )
            file.unlink(missing_ok=True)
        sdist = (
            self.sdists.get(component.name) or look_up([self._wanted(component, source)], self.release)[component.name]
        )
        if sdist.sha256 != sha256:
            raise CheckFailedError(
                f"the package index has replaced the sdist of {source.pypi} {source.version}",
                where=self._where(component),
                details=f"    expected SHA-256 {sha256}\n    found    SHA-256 {sdist.sha256}",
                why="an index does not do so by itself",
                fix=f"find out why; to take the new one, write `sha256: {sdist.sha256}` in the source",
            )
        progress(f"downloading {source.pypi} {source.version}")
        return download(sdist.url, sha256, self.downloads, progress)

    def _known(self, sha256: str) -> TreeId | None:
        """Give the tree of an sdist, if it is remembered and the store has it."""
        tree = self.memo.get("sdist", sha256)
        return TreeId(tree) if tree and self.store.has(TreeId(tree)) else None

    def _sha256(self, source: PypiSource) -> str | None:
        """Give the hash an sdist has to have: what the release says, else what the index said the first time."""
        return source.sha256 or self.memo.get("index", self._index_key(source))

    def _index_key(self, source: PypiSource) -> str:
        return f"{canonicalize_name(source.pypi)} {source.version} {self.release.pins.exclude_newer}"

    def _wanted(self, component: Component, source: PypiSource) -> Wanted:
        return Wanted(component, source, self._where(component))

    def _where(self, component: Component) -> Where:
        return self.release.where("components", component.name, "source", "version")

    def _version(self, component: Component, tree: TreeId, source: GitSource | PathSource) -> str:
        """Give the version of a tree that has none of the index: as written, by its PKG-INFO, or by its tag."""
        if source.version is not None:
            return source.version
        about = self.store.read(tree, "PKG-INFO")
        if about is not None:
            version = HeaderParser().parsestr(about.decode(errors="replace"))["Version"]
            if version:
                return str(version)
        tag = re.sub(r"^(refs/tags/)?v?", "", source.ref) if isinstance(source, GitSource) else ""
        try:
            return str(Version(tag))
        except InvalidVersion:
            raise InputError(
                f"the version of {component.name} cannot be told from its source",
                where=self.release.where("components", component.name, "source"),
                why="the tree has no PKG-INFO, and no tag was asked for",
                fix="add `version:` to the source: the upstream version that the wheel is based on",
            ) from None
