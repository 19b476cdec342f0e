"""Numbers that users and services agree on, over an upgrade: microversions, RPC, and the versions of objects.

It is told by what the two patched trees claim in the end. What a single patch collides with is told by hazards: of
RPC, services and objects it is not said again, and `repeats` tells which hazards say of one number what is said here
for all that users of a component lose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.hazards.collisions_base import order, shown
from stackwright.hazards.collisions_numbered import same
from stackwright.hazards.forecast.change import GOES, SUBJECTS, Change, listed, lowered, names
from stackwright.hazards.forecast.model import Finding, Subject, Weight
from stackwright.hazards.forecast.services import services
from stackwright.hazards.forecast.unseen import gone
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackwright.hazards.check import Found
    from stackwright.hazards.forecast.model import Hop
    from stackwright.hazards.hazard import Hazard
    from stackwright.hazards.model import Claim, Claims
    from stackwright.hazards.rulebook import Rolling

TITLE = 100  # characters of what a number brings
REFUSED = "(406 Not Acceptable)"


def versions(
    component: str,
    before: Claims,
    after: Claims,
    hop: Hop,
    *,
    skip_level: bool,
    rolling: Rolling,
    found: Sequence[Found] = (),
) -> tuple[Finding, ...]:
    """Give what users lose on a hop, and what services of both releases make of each other.

    :param before: what the patched tree of the release that is left claims
    :param after: the same of the release that is entered
    :param rolling: how the component's services work beside those of another release
    :param found: the hazards of the component that the hop triggers, with those that are accepted
    """
    change = Change(component, before, after, hop, skip_level, rolling, tuple(found))
    hidden = [change.hidden(kind) for kind in SUBJECTS if gone(kind, before, after)]
    return (*hidden, *_microversions(change), *_clients(change), *services(change))


def repeats(hazard: Hazard, before: Claims, after: Claims) -> bool:
    """Tell whether a hazard says of one number what `versions` says for all that users of a component lose."""
    if hazard.rule not in GOES:
        return False
    if hazard.kind is Kind.CLIENT_VERSION:
        return hazard.name in lowered(before, after, Kind.CLIENT_VERSION)
    names_of_claims = {claim.name for claim in _above(_Api.of(before), _Api.of(after)).values()}
    return hazard.kind in (Kind.MICROVERSION, Kind.NEWEST) and hazard.name in names_of_claims


@dataclass(frozen=True)
class _Api:
    """The microversions of a tree.

    :param said: the claim that tells the newest and the oldest
    """

    numbers: Mapping[str, Claim]
    said: Claim | None

    @classmethod
    def of(cls, claims: Claims) -> _Api:
        return cls(claims.of(Kind.MICROVERSION), claims.of(Kind.NEWEST).get(Kind.MICROVERSION))

    @property
    def newest(self) -> str:
        return self.said.says("version") if self.said else max(self.numbers, key=order, default="")

    @property
    def oldest(self) -> str:
        return self.said.says("oldest") if self.said else ""


def _above(here: _Api, there: _Api) -> dict[str, Claim]:
    """Give the numbers that a tree has and another does not reach, in their order, with what claims them."""
    if not there.newest:
        return {}
    numbers = dict(here.numbers)
    if here.said:
        numbers.setdefault(here.newest, here.said)
    above = [name for name in numbers if order(name) > order(there.newest)]
    return {name: numbers[name] for name in sorted(above, key=order)}


def _microversions(change: Change) -> Iterator[Finding]:
    """Say which numbers users can no longer ask for, and of which nobody knows what they get."""
    here, there = _Api.of(change.before), _Api.of(change.after)
    end = change.hop.end
    above = {name: claim for name, claim in _above(here, there).items() if claim.name not in change.accepted}
    if above:
        yield _of_users(
            change,
            list(above),
            f"users lose {listed([_lost(claim, name, here, there) for name, claim in above.items()])}:"
            f" {change.entered} ends at {there.newest}, and refuses who asks for more {REFUSED}",
            f"tell whoever asks for {names(list(above))} before the upgrade; carry the feature in {end} too, or teach"
            " clients to do without it",
            there.said,
        )
    known = [name for name in sorted(here.numbers, key=order) if order(name) >= order(here.oldest)]
    below = [name for name in known if order(name) < order(there.oldest)]
    if below:
        yield _of_users(
            change,
            below,
            f"users lose {names(below)}: {change.entered} begins at {there.oldest}, and refuses who asks for less"
            f" {REFUSED}",
            f"tell whoever asks for less than {there.oldest} before the upgrade",
            there.said,
        )
    between = [name for name in known if order(there.oldest) <= order(name) <= order(there.newest)]
    silent = [name for name in between if name not in there.numbers and name not in change.accepted]
    if silent and there.numbers:
        told = listed([_title(here.numbers[name], name) for name in silent])
        yield _of_users(
            change,
            silent,
            f"{change.entered} ends at {there.newest}, and tells nothing of {told}: who asks for it may get something"
            " else",
            f"see in the code of {end} what it is there, and tell users of a difference",
            there.said,
        )


def _clients(change: Change) -> Iterator[Finding]:
    """Say what a client no longer speaks in the newest version that it has spoken."""
    all_lowered = lowered(change.before, change.after, Kind.CLIENT_VERSION)
    some = {name: both for name, both in all_lowered.items() if name not in change.accepted}
    if some:
        told = [f"{name} {new.says('version')}, and not {old.says('version')}" for name, (old, new) in some.items()]
        yield _of_users(
            change,
            list(some),
            f"{change.entered} speaks at most {listed(told)}: scripts that ask it for more are refused",
            f"carry the change in {change.hop.end} too, or tell whoever uses it before the upgrade",
            next(iter(some.values()))[1],
        )


def _of_users(change: Change, some: Sequence[str], what: str, step: str, claim: Claim | None) -> Finding:
    return Finding(Subject.MICROVERSION, names(some), Weight.STEP, what, step, change.place(claim))


def _lost(claim: Claim, name: str, here: _Api, there: _Api) -> str:
    """Name a number that is lost, and the number that has its meaning afterwards, if one has."""
    new = [one for number, one in there.numbers.items() if number not in here.numbers and one.says("title")]
    moved = next((one.name for one in new if claim.says("title") and same(claim, one)), "")
    return _title(claim, name) + (f", which is {moved} there" if moved else "")


def _title(claim: Claim, name: str) -> str:
    """Name a number, with what it brings where that is told."""
    if claim.kind is not Kind.MICROVERSION or not claim.meaning:
        return name
    text = shown(claim).removeprefix(f"{name}: ").rstrip(".")
    return f"{name} ({text if len(text) <= TITLE else f'{text[: TITLE - 3]}...'})"
