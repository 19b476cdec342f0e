"""What comes of a change: rules that say something else, and who gains or loses by that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackwright.site.policy.model import Decision, Matrix, Situation


@dataclass(frozen=True)
class Change:
    """A rule that decides otherwise, or says something else.

    :param before: its check; empty if there was no such rule
    :param after: its check; empty if there is none any more
    :param gained: persona -> what it may do that it could not
    :param lost: persona -> what it may do no more
    """

    service: str
    rule: str
    before: str
    after: str
    gained: Mapping[str, tuple[Situation, ...]]
    lost: Mapping[str, tuple[Situation, ...]]


def changes(before: Matrix, after: Matrix) -> Iterator[Change]:
    """Compare what a service decides by two sets of rules; of a rule that only one has, nothing is gained or lost.

    Both are of the same personas and of the same things that are asked about.
    """
    for rule in dict.fromkeys((*before.checks, *after.checks)):
        was, now = before.checks.get(rule, ""), after.checks.get(rule, "")
        gained: dict[str, tuple[Situation, ...]] = {}
        lost: dict[str, tuple[Situation, ...]] = {}
        if was and now:
            for persona in after.personas:
                old, new = before.decisions[rule][persona], after.decisions[rule][persona]
                gained[persona] = _only(new, old)
                lost[persona] = _only(old, new)
        gained, lost = _some(gained), _some(lost)
        if was != now or gained or lost:
            yield Change(after.service, rule, was, now, gained, lost)


def _only(these: Mapping[Situation, Decision], those: Mapping[Situation, Decision]) -> tuple[Situation, ...]:
    return tuple(one for one, decision in these.items() if decision.allowed and not those[one].allowed)


def _some(of: Mapping[str, tuple[Situation, ...]]) -> dict[str, tuple[Situation, ...]]:
    return {persona: situations for persona, situations in of.items() if situations}
