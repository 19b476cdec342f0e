"""Reserve a number or a name that no tree of a component has, and that nobody in the team was given."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from stackwright.distribution.writing import put
from stackwright.errors import InputError, StackwrightError, suggestion
from stackwright.hazards.claims import claims_of
from stackwright.hazards.collisions_base import order
from stackwright.hazards.ledger import Reserved, ReservedClaim, read_ledger, with_claim
from stackwright.hazards.model import Claims, Kind
from stackwright.hazards.rulebook import rules_of
from stackwright.patches.apply import apply
from stackwright.patches.matrix.survey import check_refs
from stackwright.patches.series import read_series
from stackwright.sources.bases import Asked
from stackwright.store.lock import locked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

    from stackwright.distribution import Distribution
    from stackwright.sources.bases import Bases
    from stackwright.store import Memo

# So far above what upstream has that it takes some releases to come there: nova adds one to five a year.
MARGIN = 10
DIGITS = 12  # of a revision's id, as alembic makes them
OF_SOMETHING = frozenset({Reserved.OBJECT, Reserved.RPC})
NAMES = frozenset({Reserved.POLICY, Reserved.OPTION, Reserved.EXTRA_SPEC, Reserved.EXTENSION})


def reserve(
    distribution: Distribution, claim: ReservedClaim, against: Sequence[str], margin: int, *, bases: Bases, memo: Memo
) -> ReservedClaim:
    """Write the next free claim of a kind into the ledger, and give it.

    :param claim: what is wanted; its name is that of the object, the RPC interface, or the thing itself; ``?`` for none
    :param against: further refs or versions that are looked at, besides every release
    :param margin: how far above the highest that is known
    :raises InputError: there is no such component or ref, it has no rules, the name is taken, or the ledger is wrong
    """
    trees = known_claims(distribution, claim.component, against, bases=bases, memo=memo)
    with locked(memo.file.parent / "claims.lock"):
        ledger = read_ledger(distribution.root)
        given = {one.name for one in ledger.read.claims if (one.component, one.kind) == (claim.component, claim.kind)}
        found = claim.model_copy(update={"name": next_free(claim.kind, claim.name, margin, trees, given)})
        put(ledger.file, with_claim(ledger, found))
    return found


def wanted(component: str, kind: str, name: str | None, who: str | None, today: date) -> ReservedClaim:
    """Give what is to be reserved, with a name still to be found where it is a number.

    :raises InputError: there is no such kind, or it needs a name, or takes none
    """
    words = [word.value for word in Reserved]
    if kind not in words:
        raise InputError(f"there is no kind {kind!r} that can be reserved", fix=suggestion(kind, words))
    known = Reserved(kind)
    if name is None and known in OF_SOMETHING | NAMES:
        raise InputError(f"a reservation of the kind {kind} needs a name", fix="say `--name NAME`: what it is of")
    if name is not None and known in {Reserved.MICROVERSION, Reserved.REVISION}:
        raise InputError(f"a {kind} is given, and not chosen", fix="leave `--name` out")
    return ReservedClaim(component=component, kind=known, name=name or "?", for_=who, since=today)


def known_claims(
    distribution: Distribution, component: str, against: Sequence[str], *, bases: Bases, memo: Memo
) -> list[Claims]:
    """Give the claims of every tree of a component: of each release, with and without its series, and of further refs.

    :raises StackwrightError: one of them cannot be had: what cannot be seen may have taken the number
    """
    releases = [release for release in distribution.releases.values() if component in release.components]
    if not releases:
        next(iter(distribution.releases.values())).component(component)
    rules = rules_of(component, releases[0].component(component).distribution_name)
    asked = [Asked(release.name, component) for release in releases]
    asked += [Asked(release.name, component, ref) for release in releases for ref in against]
    bases_ = bases.find(asked)
    check_refs(against, bases_)
    found = []
    for one, base in bases_.items():
        if isinstance(base, StackwrightError):
            if one.against:
                continue  # a ref need not be in every release's repository
            raise base
        trees = [base.tree]
        if not one.against:
            series = read_series(distribution.series_directory(component, one.release))
            trees += apply(base.store, base.tree, series, memo).trees if series.patches else ()
        found += [claims_of(base.store, tree, rules, memo) for tree in dict.fromkeys(trees)]
    return found


def next_free(kind: Reserved, name: str, margin: int, trees: Sequence[Claims], given: Collection[str]) -> str:
    """Give the next number or name of a kind that is in no tree, and was given to nobody.

    :param name: what it is of; for a kind that has names only, the one that is wanted
    :raises InputError: the name is taken, or no tree tells of a number to go on from
    """
    if kind is Reserved.REVISION:
        taken = {claim.name for tree in trees for claim in tree.claims if claim.kind is Kind.REVISION} | {*given}
        return next(each for each in iter(lambda: secrets.token_hex(DIGITS // 2), "") if each not in taken)
    if kind in NAMES:
        if name in given or any(name in tree.of(kind.kind) for tree in trees):
            raise InputError(
                f"the {kind.kind} {name} is taken",
                why="it is reserved already" if name in given else "a tree of the component has it",
                fix="choose another name",
            )
        return name
    numbers = sorted({number for tree in trees for number in _numbers(kind, name, tree)}, key=order)
    if not numbers:
        known = {claim.name for tree in trees for claim in tree.claims if claim.kind is kind.kind}
        raise InputError(
            f"no tree of the component tells of a {kind.kind}" + (f" of {name}" if name != "?" else ""),
            fix=suggestion(name, known) if known else "see what it claims: `stackwright hazard claims`",
        )
    prefix = f"{name} " if name != "?" else ""
    major, dot, minor = numbers[-1].rpartition(".")
    number = int(minor) + margin
    while f"{prefix}{major}{dot}{number}" in given:
        number += 1
    return f"{prefix}{major}{dot}{number}"


def _numbers(kind: Reserved, name: str, tree: Claims) -> Iterator[str]:
    """Give the numbers of a kind that a tree has."""
    if kind in OF_SOMETHING:
        claim = tree.of(kind.kind).get(name)
        if claim:
            yield claim.says("version")
        return
    prefix = f"{name} " if name != "?" else ""
    for claim in tree.claims:
        if claim.kind is kind.kind and re.fullmatch(re.escape(prefix) + r"[\d.]+", claim.name):
            yield claim.name.removeprefix(prefix)
        elif claim.kind is Kind.NEWEST and claim.name == kind.kind and not prefix:
            yield claim.says("version")
