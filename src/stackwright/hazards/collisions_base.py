"""What the rules of collision share: the two sides, and how a hazard is made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from stackwright.hazards.hazard import Hazard, Rule, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stackwright.hazards.model import Claim, Claims, Kind

    # Gives the content of a file of a tree; None if it has none of that path.
    Reader: TypeAlias = Callable[[str], bytes | None]


def no_file(_path: str) -> bytes | None:
    """Read a file of a tree of which only the claims are there."""
    return None


def nowhere(_claim: Claim) -> str:
    """Give the place of a claim in the patch or the history, where nobody knows it."""
    return ""


@dataclass(frozen=True)
class Change:
    """A claim that a patch makes: a new one, or another meaning of one that was there."""

    old: Claim | None
    new: Claim


@dataclass(frozen=True)
class Ours:
    """A patch: the claims before and after it.

    :param patch: as the series names it
    :param read: reads the tree after it
    :param read_before: reads the tree before it
    :param place: gives the line of the patch file that makes a claim
    """

    component: str
    release: str
    patch: str
    before: Claims
    after: Claims
    read: Reader = no_file
    read_before: Reader = no_file
    place: Callable[[Claim], str] = nowhere

    def side(self, claim: Claim, says: str = "") -> Side:
        """Give our side of a collision."""
        return Side(self.patch, says or shown(claim), claim.path, claim.line, self.place(claim))

    def hazard(
        self,
        rule: Rule,
        claim: Claim,
        theirs: Side,
        *,
        what: str,
        happens: str,
        fix: str,
        name: str = "",
        says: str = "",
        identity: tuple[str, ...] = (),
    ) -> Hazard:
        """Make a hazard of what this patch claims."""
        return Hazard(
            rule, self.component, self.release, self.patch, claim.kind, name or claim.name, (),
            self.side(claim, says), theirs, what, happens, fix, identity,
        )  # fmt: skip


@dataclass(frozen=True)
class Tree:
    """A tree that a patch may collide with.

    :param name: for a person: ``nova 2026.1``
    :param commit: gives the commit of its history that brought a claim; empty where there is none
    """

    name: str
    claims: Claims
    read: Reader = no_file
    commit: Callable[[Claim], str] = nowhere

    @cached_property
    def _by_kind(self) -> dict[Kind, dict[str, Claim]]:
        return {}

    def of(self, kind: Kind) -> Mapping[str, Claim]:
        """Give its claims of a kind by name."""
        if kind not in self._by_kind:
            self._by_kind[kind] = self.claims.of(kind)
        return self._by_kind[kind]

    def side(self, claim: Claim, says: str = "") -> Side:
        """Give its side of a collision."""
        return Side(self.name, says or shown(claim), claim.path, claim.line, commit=self.commit(claim))

    def lacks(self, says: str) -> Side:
        """Give its side where it has nothing to show."""
        return Side(self.name, says)


def shown(claim: Claim) -> str:
    """Say what a claim means in a few words: the title where it has one, else all parts of its meaning."""
    title = claim.says("title") or claim.says("brought") or claim.says("text").partition("\n\n")[0]
    words = title or ", ".join(f"{key} {value}" for key, value in claim.meaning if value)
    text = " ".join((f"{claim.name}: {words}" if words else claim.name).split())
    return text if len(text) <= 160 else f"{text[:157]}..."


def order(version: str) -> tuple[int, ...]:
    """Give what to order versions by: 2.10 comes after 2.9."""
    return tuple(map(int, re.findall(r"\d+", version)))
