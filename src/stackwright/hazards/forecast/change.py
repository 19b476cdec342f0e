"""What a component becomes on a hop, as its claims tell it: what findings about its versions share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.hazards.collisions_base import order
from stackwright.hazards.forecast.model import Finding, Subject
from stackwright.hazards.forecast.unseen import hidden
from stackwright.hazards.hazard import Rule
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.hazards.check import Found
    from stackwright.hazards.forecast.model import Hop
    from stackwright.hazards.model import Claim, Claims
    from stackwright.hazards.rulebook import Rolling

SHOWN = 6  # things that are named one by one
SUBJECTS = {
    Kind.MICROVERSION: Subject.MICROVERSION,
    Kind.CLIENT_VERSION: Subject.MICROVERSION,
    Kind.RPC: Subject.RPC,
    Kind.SERVICE_VERSION: Subject.RPC,
    Kind.OBJECT: Subject.OBJECT,
}
# What a hazard says of a number that goes, or that has another one in its place.
GOES = frozenset({Rule.ABOVE, Rule.MOVED})


@dataclass(frozen=True)
class Change:
    """A component on a hop.

    :param before: what the patched tree of the release that is left claims
    :param after: the same of the release that is entered
    :param rolling: how the component's services work beside those of another release
    :param found: the hazards of the component that the hop triggers, with those that are accepted
    """

    component: str
    before: Claims
    after: Claims
    hop: Hop
    skip_level: bool
    rolling: Rolling
    found: tuple[Found, ...] = ()

    @property
    def entered(self) -> str:
        """The component of the release that is entered, for a person."""
        return f"{self.component} {self.hop.end}"

    @cached_property
    def accepted(self) -> frozenset[str]:
        """What the team knows to go: the names of hazards that it has accepted."""
        return frozenset(one.hazard.name for one in self.found if one.accepted and one.hazard.rule in GOES)

    def told(self, *kinds: Kind) -> frozenset[str]:
        """Give the names of some kinds of which a hazard says that their version is not reached."""
        hazards = (one.hazard for one in self.found)
        return frozenset(hazard.name for hazard in hazards if hazard.rule is Rule.ABOVE and hazard.kind in kinds)

    def place(self, claim: Claim | None) -> str:
        """Give the place of a claim of the release that is entered."""
        return f"{claim.path}:{claim.line} in {self.entered}" if claim else ""

    def hidden(self, kind: Kind, name: str = "") -> Finding:
        """Say that nothing can be told of a kind, or of one thing of it: it is not that there is nothing."""
        return hidden(kind, SUBJECTS[kind], self.entered, self.after, name)


def lowered(before: Claims, after: Claims, kind: Kind) -> dict[str, tuple[Claim, Claim]]:
    """Give what has a lower version afterwards, with both claims."""
    there = after.of(kind)
    return {
        name: (old, there[name])
        for name, old in before.of(kind).items()
        if name in there and order(old.says("version")) > order(there[name].says("version"))
    }


def names(some: Sequence[str]) -> str:
    """Give a short name for several things: each of them, or the first and the last."""
    return ", ".join(some) if len(some) <= SHOWN else f"{some[0]} to {some[-1]} ({len(some)})"


def listed(told: Sequence[str]) -> str:
    """Join what is told of several things; of many, of the first only."""
    rest = len(told) - SHOWN
    return ", ".join(told) if rest <= 0 else f"{', '.join(told[:SHOWN])} and {rest} more"
