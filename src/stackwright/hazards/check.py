"""Check a distribution for hazards: each patch against every later release, against further refs, and its own kind."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, StackwrightError
from stackwright.hazards.carried import Carried, carry
from stackwright.hazards.collisions import Target, claimed, collisions, new_claims
from stackwright.hazards.collisions_base import Ours
from stackwright.hazards.hazard import Hazard, as_plain, is_of_lint, of_plain
from stackwright.hazards.held import held
from stackwright.hazards.inside import Taken, inside
from stackwright.hazards.ledger import read_ledger
from stackwright.hazards.model import Claim, Kind
from stackwright.hazards.places import in_history, in_patch
from stackwright.hazards.readers import VERSION
from stackwright.hazards.rulebook import rules_of
from stackwright.patches.matrix.survey import Wanted, check_refs, read_all
from stackwright.patches.model import Series
from stackwright.sources.bases import Asked, Base

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import date

    from stackwright.distribution import Distribution
    from stackwright.hazards.collisions_base import Tree
    from stackwright.hazards.ledger import Acceptance
    from stackwright.hazards.rulebook import Rules
    from stackwright.patches.model import Patch
    from stackwright.sources.bases import Bases
    from stackwright.store import Memo, TreeId

# Part of the key of what is remembered: to be raised when the same claims give other hazards.
FORM = 3


@dataclass(frozen=True)
class Found:
    """A hazard, and what the ledger says of it."""

    hazard: Hazard
    accepted: Acceptance | None = None


@dataclass(frozen=True)
class Report:
    """What a check has found.

    :param found: the worst first, those that are accepted last
    :param errors: why something could not be judged, and acceptances that have expired
    :param notes: what a person should know
    """

    found: tuple[Found, ...]
    errors: tuple[StackwrightError, ...]
    notes: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether all could be judged, and what was found is accepted."""
        return not self.errors and all(one.accepted for one in self.found)


@dataclass(frozen=True)
class Judged:
    """What is known of a patch of a series.

    :param claims: what it adds and changes
    :param new: what of that is the team's own
    """

    hazards: tuple[Hazard, ...]
    claims: tuple[Claim, ...]
    new: tuple[Claim, ...]


def check(
    distribution: Distribution,
    wanted: Wanted,
    *,
    bases: Bases,
    memo: Memo,
    today: date,
    targets: Collection[str] | None = None,
) -> Report:
    """Find what the patches that are wanted collide with.

    :param targets: the later releases to look at; all of them if None
    :raises InputError: a component, release or ref is nowhere; a series or the ledger cannot be read; a component that
        was named has no rules
    """
    ledger = read_ledger(distribution.root)
    run = _Run(distribution, wanted, bases, memo, targets)
    hazards: list[Hazard] = []
    taken: list[Taken] = []
    for one in run.own():
        for patch, judged in run.judged(one):
            hazards += judged.hazards
            who = _taken(distribution, one, patch, judged)
            taken.append(who)
            hazards += held(ledger, who, patch.metadata, judged.new)
    hazards += inside(taken)
    accepted = {one.hazard: one for one in ledger.accepted if not one.expired(today)}
    found = [Found(hazard, accepted.get(hazard.id)) for hazard in hazards]
    found.sort(key=lambda one: (one.accepted is not None, one.hazard.rank))
    ids = {hazard.id for hazard in hazards}
    told = [one for one in ledger.accepted if not is_of_lint(one.hazard)]
    if not (wanted.components or wanted.releases):
        run.notes += [f"{one.where}: {one.hazard} is accepted, and not found" for one in told
                      if one.hazard not in ids]  # fmt: skip
    run.errors += [expired(one, one.hazard in ids) for one in told if one.expired(today)]
    errors = {str(error): error for error in run.errors}
    return Report(tuple(found), tuple(errors.values()), tuple(dict.fromkeys(run.notes)))


def in_order(releases: Iterable[str]) -> list[str]:
    """Give releases in the order of time: names of before 2023 by their letters, then numbers, then branches."""
    return sorted(releases, key=lambda name: (_era(name), [int(part) for part in re.findall(r"\d+", name)], name))


def _era(name: str) -> int:
    if name in {"master", "main"}:
        return 2
    return 1 if name[:1].isdigit() else 0


class _Run:
    """One check: each source is looked for once, each series applied once."""

    def __init__(
        self, distribution: Distribution, wanted: Wanted, bases: Bases, memo: Memo, targets: Collection[str] | None
    ) -> None:
        self.distribution = distribution
        self.wanted = wanted
        self.memo = memo
        self.errors: list[StackwrightError] = []
        self.notes: list[str] = []
        self.rules: dict[str, Rules] = {}
        self.order = in_order(distribution.releases)
        self.targets = set(self.order if targets is None else targets)
        self.series = read_all(distribution, Wanted(wanted.components))
        releases = {distribution.release(name).name for name in wanted.releases} or set(distribution.releases)
        self.patched = [
            (component, release)
            for component, release in self.series
            if release in releases and self.series[component, release].patches and self._has_rules(component, release)
        ]
        self.bases = bases.find(list(dict.fromkeys(self._asked())))
        check_refs(wanted.against, self.bases)
        self._carried: dict[tuple[str, str], Carried] = {}

    def own(self) -> Iterator[Carried]:
        """Give the series that are checked."""
        for component, release in self.patched:
            base = self.bases[Asked(release, component)]
            if isinstance(base, StackwrightError):
                self.errors.append(base)
                continue
            one = self._with_series(component, release, base)
            if one.applied is not None:
                yield one

    def judged(self, one: Carried) -> Iterator[tuple[Patch, Judged]]:
        """Give what is known of each patch of a series, from the memo where nothing has changed."""
        assert one.applied is not None
        later = list(self._later(one))
        about = [
            [name, base.tree, carried.applied.tree if carried and carried.applied else None]
            for name, base, carried in later
        ]
        trees = (one.base.tree, *one.applied.trees)
        rules = self.rules[one.component]
        for at, patch in enumerate(one.series.patches):
            text = hashlib.sha256(patch.head + b"\0" + patch.diff).hexdigest()
            key = json.dumps([FORM, VERSION, one.component, one.release, patch.name, str(patch.file), text, trees[at],
                              trees[at + 1], about, rules.model_dump(mode="json")])  # fmt: skip
            key = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
            known = _remembered(self.memo.get("hazards", key))
            if known is None:
                known = self._judge(one, patch, at, [self._target(one, *each) for each in later])
                self.memo.put("hazards", key, _dump(known))
            yield patch, known

    def _judge(self, one: Carried, patch: Patch, at: int, targets: Sequence[Target]) -> Judged:
        assert one.applied is not None
        trees = (one.base.tree, *one.applied.trees)
        ours = Ours(
            one.component, one.release, patch.name,
            self._claims(one, trees[at]).claims, self._claims(one, trees[at + 1]).claims,
            partial(one.base.store.read, trees[at + 1]),
            partial(one.base.store.read, trees[at]),
            in_patch(patch, self.distribution.root, one.applied.offsets[at]),
        )  # fmt: skip
        hazards = tuple(collisions(ours, targets))
        return Judged(hazards, tuple(change.new for change in claimed(ours)), tuple(new_claims(ours, targets)))

    def _target(self, one: Carried, name: str, base: Base, carried: Carried | None) -> Target:
        """Give a later release or a ref, with what the distribution carries there."""
        upstream = Carried(one.component, name, base, one.series)
        tree = replace(self._claims(upstream, base.tree), commit=partial(in_history, base))
        if carried is None or carried.applied is None:
            return Target(name, tree)
        patched = replace(self._claims(carried, carried.applied.tree), name=f"{tree.name} with its series")
        return Target(name, tree, patched)

    def _claims(self, one: Carried, tree: TreeId) -> Tree:
        return one.claims(tree, self.rules[one.component], self.memo)

    def _later(self, one: Carried) -> Iterator[tuple[str, Base, Carried | None]]:
        for release in self._later_releases(one.component, one.release):
            base = self.bases[Asked(release, one.component)]
            if isinstance(base, StackwrightError):
                self.errors.append(base)
            else:
                yield release, base, self._with_series(one.component, release, base)
        for ref in self.wanted.against:
            base = self.bases[Asked(one.release, one.component, ref)]
            if isinstance(base, StackwrightError):
                self.notes.append(f"{one.component} {ref}: {base}")
            else:
                yield ref, base, None

    def _later_releases(self, component: str, release: str) -> list[str]:
        return [
            name
            for name in self.order[self.order.index(release) + 1 :]
            if name in self.targets and component in self.distribution.release(name).components
        ]

    def _with_series(self, component: str, release: str, base: Base) -> Carried:
        key = component, release
        if key not in self._carried:
            nothing = Series(self.distribution.series_directory(component, release), ())
            one = self._carried[key] = carry(component, release, base, self.series.get(key, nothing), self.memo)
            if one.conflict:
                self.errors.append(one.conflict)
        return self._carried[key]

    def _asked(self) -> Iterator[Asked]:
        for component, release in self.patched:
            yield from (Asked(name, component) for name in (release, *self._later_releases(component, release)))
            yield from (Asked(release, component, ref) for ref in self.wanted.against)

    def _has_rules(self, component: str, release: str) -> bool:
        package = self.distribution.release(release).component(component).distribution_name
        try:
            self.rules[component] = rules_of(component, package)
        except InputError as error:
            if component in self.wanted.components:
                raise
            self.notes.append(f"{component}: {error.what}: it is not checked")
            return False
        return True


def _taken(distribution: Distribution, one: Carried, patch: Patch, judged: Judged) -> Taken:
    assert one.applied is not None
    at = one.series.patches.index(patch)
    return Taken(
        one.component, one.release, patch.name, patch.subject or patch.name, patch.metadata.set_name,
        judged.claims, in_patch(patch, distribution.root, one.applied.offsets[at]),
    )  # fmt: skip


def expired(one: Acceptance, there: bool) -> StackwrightError:
    """Give the error for an acceptance that counts no more.

    :param there: whether the hazard is still found
    """
    return CheckFailedError(
        f"the acceptance of {one.hazard} has expired",
        where=one.where,
        why=f"its last day was {one.until}: {one.reason}" + ("" if there else "; the hazard is not found any more"),
        fix="mend the hazard, or write a later day with a reason that still holds" if there else "remove the line",
    )


def _dump(judged: Judged) -> str:
    claims = [[[each.kind, each.name, each.meaning, each.path, each.line] for each in some]
              for some in (judged.claims, judged.new)]  # fmt: skip
    return json.dumps([list(map(as_plain, judged.hazards)), *claims])


def _remembered(value: str | None) -> Judged | None:
    """Read what is remembered of a patch; None if there is nothing, or nothing that can be read."""
    try:
        hazards, *claims = json.loads(value or "null")
        some, new = (tuple(Claim(Kind(kind), name, tuple((word, text) for word, text in meaning), path, line)
                           for kind, name, meaning, path, line in each) for each in claims)  # fmt: skip
        return Judged(tuple(map(of_plain, hazards)), some, new)
    except (ValueError, TypeError, KeyError):
        return None
