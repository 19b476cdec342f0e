"""What series are tried on: the trees of sources where they lie, also at another ref or version than the release's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from stackwright.distribution import GitSource, PypiSource
from stackwright.errors import InputError, StackwrightError
from stackwright.events import Events
from stackwright.sources.mirror import open_mirror
from stackwright.sources.resolve import attempts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stackwright.distribution import Component, Distribution, Release
    from stackwright.sources.mirror import Mirror
    from stackwright.store import CommitId, Memo, Store, TreeId

AT_ONCE = 4


@dataclass(frozen=True)
class Base:
    """The tree that a series is tried on.

    :param store: where it lies: the store, or the mirror of its repository
    :param origin: what it is, for a person
    :param commit: of the tree, where its source has commits; the mirror has its history then
    :param note: what a person should know of the source
    """

    store: Store
    tree: TreeId
    origin: str
    commit: CommitId | None = None
    note: str = ""


@dataclass(frozen=True)
class Asked:
    """A base that is asked for.

    :param against: another ref, version or release; empty for what the release says
    """

    release: str
    component: str
    against: str = ""


class Bases:
    """Finds bases; each is looked for once.

    :param cache: the cache directory
    """

    def __init__(self, distribution: Distribution, *, store: Store, memo: Memo, cache: Path, events: Events) -> None:
        self.distribution = distribution
        self.store = store
        self.memo = memo
        self.cache = cache
        self.events = events
        self.mirrors: dict[str, Mirror | StackwrightError] = {}
        self._known: dict[Asked, Base | StackwrightError] = {}

    def find(self, asked: Sequence[Asked]) -> Mapping[Asked, Base | StackwrightError]:
        """Find bases, several at a time. An error is given for the one it belongs to, so that the others are found."""
        meant = {one: self._meant(one) for one in asked}
        self._known |= self._look(list(dict.fromkeys(one for one in meant.values() if one not in self._known)))
        return {one: self._known[meant[one]] for one in asked}

    def _meant(self, one: Asked) -> Asked:
        """Give the plainest way to ask for the same: the component of another release is that release's own."""
        return Asked(one.against, one.component) if one.against in self.distribution.releases else one

    def _look(self, asked: Sequence[Asked]) -> Mapping[Asked, Base | StackwrightError]:
        placed = {one: self._placed(one) for one in asked}
        sources = [component.source for component in placed.values() if not isinstance(component, StackwrightError)]
        self._open({source.git for source in sources if isinstance(source, GitSource)})
        found: dict[Asked, Base | StackwrightError] = {}
        others: dict[tuple[str, str], list[Asked]] = {}
        for one, component in placed.items():
            if isinstance(component, StackwrightError):
                found[one] = component
            elif isinstance(component.source, GitSource):
                found[one] = self._in_mirror(component.source)
            else:
                others.setdefault((one.release, one.against), []).append(one)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="base") as pool:
            for some in pool.map(lambda group: self._resolved(group, placed), others.values()):
                found |= some
        return found

    def _placed(self, one: Asked) -> Component | StackwrightError:
        """Give the component with the source that is meant."""
        try:
            component, against = self.distribution.release(one.release).component(one.component), one.against
        except StackwrightError as error:
            return error
        if not against:
            return component
        source = component.source
        if isinstance(source, GitSource):
            return component.model_copy(update={"source": source.model_copy(update={"ref": against})})
        if isinstance(source, PypiSource):
            try:
                version = str(Version(against))
            except InvalidVersion:
                return InputError(f"a package index has versions, and {against!r} is none")
            update = {"version": version, "sha256": None}
            return component.model_copy(update={"source": source.model_copy(update=update)})
        return InputError(f"its source has neither refs nor versions: {source}")

    def _pinned(self, one: Asked) -> Release:
        """Give the release whose pins hold what is asked for: a version that is named stands for itself."""
        release = self.distribution.release(one.release)
        if not one.against:
            return release
        return release.model_copy(update={"pins": release.pins.model_copy(update={"exclude_newer": None})})

    def _open(self, urls: set[str]) -> None:
        def attempt(url: str) -> Mirror | StackwrightError:
            try:
                return open_mirror(url, self.cache, self.events)
            except StackwrightError as error:
                return error

        missing = sorted(urls - self.mirrors.keys())
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mirror") as pool:
            self.mirrors |= dict(zip(missing, pool.map(attempt, missing), strict=True))

    def _in_mirror(self, source: GitSource) -> Base | StackwrightError:
        mirror = self.mirrors[source.git]
        if isinstance(mirror, StackwrightError):
            return mirror
        try:
            tip = mirror.tip(source.ref)
        except StackwrightError as error:
            return error
        return Base(mirror, tip.tree, f"{source.git} {source.ref}", tip.commit, tip.note)

    def _resolved(
        self, asked: Sequence[Asked], placed: Mapping[Asked, Component | StackwrightError]
    ) -> dict[Asked, Base | StackwrightError]:
        """Resolve the sources of a release that have no history."""
        components = [component for one in asked if not isinstance(component := placed[one], StackwrightError)]
        release = self._pinned(asked[0])
        trees = attempts(components, release, store=self.store, memo=self.memo, cache=self.cache, events=self.events)
        return {
            one: tree
            if isinstance(tree := trees[one.component], StackwrightError)
            else Base(self.store, tree.tree, tree.origin)
            for one in asked
        }
