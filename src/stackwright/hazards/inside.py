"""Collisions inside a distribution: two patches or sets that claim the same, and a set whose parts disagree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from stackwright.hazards.collisions_base import nowhere, order, shown
from stackwright.hazards.collisions_numbered import same
from stackwright.hazards.hazard import Hazard, Rule, Side
from stackwright.hazards.model import Claim, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# What can be taken once, in all releases; of an object or an RPC interface, each version of it.
ONCE = frozenset({Kind.MICROVERSION, Kind.SERVICE_VERSION, Kind.REVISION, Kind.EXTENSION, Kind.NOTE})
VERSIONED = frozenset({Kind.OBJECT, Kind.RPC})


@dataclass(frozen=True)
class Taken:
    """What a patch of a series adds and changes.

    :param subject: what makes it the same patch in another release
    :param set_name: the set that it is one of; empty if of none
    :param place: gives the line of the patch file that makes a claim
    """

    component: str
    release: str
    patch: str
    subject: str
    set_name: str
    claims: tuple[Claim, ...]
    place: Callable[[Claim], str] = nowhere

    def side(self, claim: Claim) -> Side:
        """Give this patch's side of a collision."""
        return Side(f"{self.patch} of {self.component} {self.release}", shown(claim), claim.path, claim.line,
                    self.place(claim))  # fmt: skip


def inside(taken: Sequence[Taken]) -> list[Hazard]:
    """Find what patches of a distribution claim against one another, each hazard once.

    :param taken: what each patch of each series claims, in the order of the series
    """
    found: dict[str, Hazard] = {}
    for hazard in (*_twice(taken), *_disagreeing(taken)):
        found.setdefault(hazard.id, hazard)
    return list(found.values())


def _twice(taken: Sequence[Taken]) -> Iterator[Hazard]:
    by_component: dict[str, list[Taken]] = {}
    for one in taken:
        by_component.setdefault(one.component, []).append(one)
    for patches in by_component.values():
        for one, other in combinations(patches, 2):
            # A patch and its form in another release are one; what they differ in, the later release tells.
            if one.subject != other.subject:
                yield from _both(one, other)


def _both(one: Taken, other: Taken) -> Iterator[Hazard]:
    """Find what two patches claim with different meanings."""
    first = {(claim.kind, claim.name): claim for claim in one.claims}
    for claim in other.claims:
        before = first.get((claim.kind, claim.name))
        if before is None or not _collide(before, claim):
            continue
        name = f"{claim.name} {claim.says('version')}" if claim.kind in VERSIONED else claim.name
        whose = "two sets" if one.set_name and other.set_name and one.set_name != other.set_name else "two patches"
        sets = f" ({one.set_name} and {other.set_name})" if whose == "two sets" else ""
        yield Hazard(
            Rule.CLAIMED_TWICE, other.component, other.release, other.patch, claim.kind, name,
            (one.release,), other.side(claim), one.side(before),
            what=f"{whose} take the {claim.kind} {name}{sets}: {one.patch} and {other.patch}",
            happens="Where both are applied, the later patch takes away what the earlier one means; where they are not,"
            " your own clouds mean different things by it.",
            fix=f"give one of them another: `stackwright hazard reserve` in {other.component} gives one that is free",
            identity=tuple(sorted((one.subject, other.subject))),
        )  # fmt: skip


def _collide(one: Claim, other: Claim) -> bool:
    if one.kind in ONCE:
        return not same(one, other)
    if one.kind in VERSIONED and one.says("version") == other.says("version"):
        # A patch may go on with the version that another has raised, if it keeps all that this one has brought.
        mine, theirs = set(one.meaning), set(other.meaning)
        return not same(one, other) and not (one.kind is Kind.RPC and (mine <= theirs or theirs <= mine))
    return False


def _disagreeing(taken: Sequence[Taken]) -> Iterator[Hazard]:
    """Find sets of which, in one release, the server's part brings another microversion than the client's part speaks.

    Where a set has several servers, a client is held to the one whose name is in its own.
    """
    sets: dict[tuple[str, str], list[Taken]] = {}
    for one in taken:
        if one.set_name:
            sets.setdefault((one.set_name, one.release), []).append(one)
    for (name, release), patches in sets.items():
        servers = _newest(patches, Kind.MICROVERSION)
        for component, (client, said) in _newest(patches, Kind.CLIENT_VERSION).items():
            held = [server for server in servers if len(servers) == 1 or server in component]
            for server in held:
                patch, brought = servers[server]
                if order(brought.name) == order(said.says("version")):
                    continue
                yield Hazard(
                    Rule.SET_DISAGREES, component, release, client.patch, said.kind, said.name,
                    (release,), client.side(said), patch.side(brought),
                    what=f"the set {name} disagrees: {server} says {brought.name}, {component} says"
                    f" {said.says('version')}",
                    happens=_misses(order(said.says("version")) < order(brought.name), component, server, brought.name),
                    fix=f"say {brought.name} in {client.patch}, or change {patch.patch}",
                    identity=(name, brought.name, said.says("version")),
                )  # fmt: skip


def _misses(behind: bool, component: str, server: str, version: str) -> str:
    if behind:
        return f"{component} never asks for {version}: what the set brings to {server} cannot be used by it."
    return f"{component} asks for more than {server} has: it is refused (406), or falls back."


def _newest(patches: Sequence[Taken], kind: Kind) -> dict[str, tuple[Taken, Claim]]:
    """Give the newest version of each component that the patches claim, and who does."""
    found: dict[str, tuple[Taken, Claim]] = {}
    for one in patches:
        for claim in one.claims:
            if claim.kind is kind:
                known = found.get(one.component)
                if known is None or _version(claim) > _version(known[1]):
                    found[one.component] = one, claim
    return found


def _version(claim: Claim) -> tuple[int, ...]:
    return order(claim.says("version") or claim.name)
