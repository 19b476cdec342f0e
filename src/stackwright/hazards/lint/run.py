"""Lint of a distribution: every patch of the series that are wanted, held to the tree that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from stackwright.errors import InputError, StackwrightError
from stackwright.hazards.carried import Carried, carry
from stackwright.hazards.check import expired
from stackwright.hazards.claims import claims_of
from stackwright.hazards.collisions_base import Ours
from stackwright.hazards.hazard import is_of_lint
from stackwright.hazards.ledger import read_ledger
from stackwright.hazards.lint.mending import mended
from stackwright.hazards.lint.model import Subject, View
from stackwright.hazards.lint.rules import findings, key, made_good
from stackwright.hazards.places import in_patch
from stackwright.hazards.readers.look import Paths
from stackwright.hazards.rulebook import rules_of
from stackwright.patches.matrix.survey import Wanted, read_all
from stackwright.patches.series import read_series
from stackwright.sources.bases import Asked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date
    from pathlib import Path

    from stackwright.distribution import Distribution
    from stackwright.hazards.ledger import Acceptance
    from stackwright.hazards.lint.model import Finding
    from stackwright.hazards.rulebook import Rules
    from stackwright.patches.apply import Applied
    from stackwright.patches.editing.draft import Draft
    from stackwright.patches.model import Series
    from stackwright.sources.bases import Base, Bases
    from stackwright.store import Memo, Store, TreeId


@dataclass(frozen=True)
class Found:
    """A finding, and what the ledger says of it."""

    finding: Finding
    accepted: Acceptance | None = None


@dataclass(frozen=True)
class Report:
    """What lint has found.

    :param found: the worst first, those that are accepted last
    :param errors: why something could not be looked at, and acceptances that have expired
    :param notes: what a person should know
    """

    found: tuple[Found, ...]
    errors: tuple[StackwrightError, ...]
    notes: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether all could be looked at, and what was found is accepted."""
        return not self.errors and all(one.accepted for one in self.found)


class Linter:
    """Lint of the series that are wanted; each source is looked for once.

    :raises InputError: a component or a release is nowhere; a series or the ledger cannot be read; a component that was
        named has no rules
    """

    def __init__(self, distribution: Distribution, wanted: Wanted, *, bases: Bases, memo: Memo, today: date) -> None:
        self.distribution = distribution
        self.memo = memo
        self.today = today
        self.ledger = read_ledger(distribution.root)
        self.accepted = {one.hazard: one for one in self.ledger.accepted if not one.expired(today)}
        self.notes: list[str] = []
        self.rules: dict[str, Rules] = {}
        self.whole = not (wanted.components or wanted.releases)
        series = read_all(distribution, wanted)
        asked = [
            Asked(release, component)
            for (component, release), each in series.items()
            if each.patches and self._has_rules(component, release, named=component in wanted.components)
        ]
        self.bases: Mapping[Asked, Base | StackwrightError] = bases.find(asked)
        self._views: dict[tuple[str, TreeId], View] = {}

    def report(self) -> Report:
        """Look at every patch."""
        errors: list[StackwrightError] = []
        found: list[Found] = []
        for asked, base in self.bases.items():
            if isinstance(base, StackwrightError):
                errors.append(base)
                continue
            one = carry(asked.component, asked.release, base, self.series(asked), self.memo)
            if one.conflict:
                errors.append(one.conflict)
            found += [Found(each, self.accepted.get(each.hazard.id)) for each in self._of(one)]
        found.sort(key=lambda each: (each.accepted is not None, each.finding.hazard.rank))
        ids = {each.finding.hazard.id for each in found}
        told = [one for one in self.ledger.accepted if is_of_lint(one.hazard)]
        errors += [expired(one, one.hazard in ids) for one in told
                   if one.expired(self.today) and (self.whole or one.hazard in ids)]  # fmt: skip
        notes = [f"{one.where}: {one.hazard} is accepted, and not found" for one in told
                 if self.whole and one.hazard not in ids]  # fmt: skip
        return Report(tuple(found), tuple(errors), (*self.notes, *notes))

    def mended(self, asked: Asked, base: Base, series: Series, shared: Collection[Path]) -> Draft:
        """Give the draft of a series in which what can be mended is: all of it, but for what is accepted.

        :raises PatchConflictError: the series does not apply
        :raises CheckFailedError: a later patch does not apply then
        """
        settled: dict[int, set[tuple[str, ...]]] = {}

        def find(now: Series, applied: Applied, at: int, tree: TreeId) -> Iterable[Finding]:
            one = Carried(asked.component, asked.release, base, now, applied)
            found = findings(self._subject(one, at, tree))
            if at not in settled:
                settled[at] = made_good(found, self._subject(one, at, applied.tree))
            return [each for each in found if key(each) not in settled[at] and each.hazard.id not in self.accepted]

        return mended(base.store, base.tree, series, find, shared=shared)

    def _of(self, one: Carried) -> Iterator[Finding]:
        """Give what the patches of a series leave undone, and no later one makes good."""
        for at, tree in enumerate(one.applied.trees if one.applied else ()):
            found = findings(self._subject(one, at, tree))
            settled = made_good(found, self._subject(one, at, one.tree))
            yield from (each for each in found if key(each) not in settled)

    def _subject(self, one: Carried, at: int, after: TreeId) -> Subject:
        """Give a patch of a series that was applied, with a tree that it is to be held to."""
        assert one.applied is not None
        patch, before = one.series.patches[at], one.applied.trees[at - 1] if at else one.base.tree
        old, new = (self._view(one.component, one.base.store, tree) for tree in (before, after))
        place = in_patch(patch, self.distribution.root, one.applied.offsets[at])
        ours = Ours(one.component, one.release, patch.name, old.claims, new.claims, new.read, old.read, place)
        return Subject(ours, patch, self.rules[one.component], old, new)

    def _view(self, component: str, store: Store, tree: TreeId) -> View:
        at = component, tree
        if at not in self._views:
            claims = claims_of(store, tree, self.rules[component], self.memo)
            self._views[at] = View(claims, Paths(store.entries(tree)), partial(_read, store, tree))
        return self._views[at]

    def series(self, asked: Asked) -> Series:
        """Read a series as it is now."""
        return read_series(self.distribution.series_directory(asked.component, asked.release))

    def _has_rules(self, component: str, release: str, *, named: bool) -> bool:
        package = self.distribution.release(release).component(component).distribution_name
        try:
            self.rules[component] = rules_of(component, package)
        except InputError as error:
            if named:
                raise
            self.notes.append(f"{component}: {error.what}: it is not looked at")
            return False
        return True


def _read(store: Store, tree: TreeId, paths: Iterable[str]) -> Mapping[str, bytes | None]:
    wanted = list(paths)
    store.need(entry.blob for entry in store.look(tree, wanted).values() if entry.mode.startswith("100"))
    return store.read_all(tree, wanted)
