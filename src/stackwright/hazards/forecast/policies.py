"""Policies over an upgrade: rules that go, that have another name, and that let in others by default.

Rules that change in the same way are told together: a release may change a hundred.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.hazards.forecast.checks import beyond, shown, ways
from stackwright.hazards.forecast.model import Finding, Subject, Weight
from stackwright.hazards.forecast.unseen import gone, hidden
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackwright.hazards.check import Found
    from stackwright.hazards.forecast.checks import Ways
    from stackwright.hazards.model import Claim, Claims

# What a rule takes the place of: its name, and its check string as Python writes it.
OLD = re.compile(r"""(?:^|; )(\S+) = ('.*'|".*")$""")
ANY_SCOPE = "any"


def policies(
    component: str, before: Claims, after: Claims, end: str, found: Sequence[Found] = ()
) -> tuple[Finding, ...]:
    """Give what becomes of the policies of a component on a hop, where no policy file says otherwise.

    :param before: what the patched tree of the release that is left claims
    :param after: the same of the release that is entered
    :param end: the release that is entered
    :param found: the hazards of the component that the hop triggers: of the rules that they name nothing is said again
    """
    if gone(Kind.POLICY, before, after):
        return (hidden(Kind.POLICY, Subject.POLICY, f"{component} {end}", after),)
    told = frozenset(one.hazard.name for one in found if one.hazard.kind is Kind.POLICY)
    hop = _Hop(component, before.of(Kind.POLICY), after.of(Kind.POLICY), end, told)
    return (*hop.changed(), *hop.gone(), *hop.renamed(), *hop.scopes())


@dataclass(frozen=True)
class _Hop:
    component: str
    here: Mapping[str, Claim]
    there: Mapping[str, Claim]
    end: str
    told: frozenset[str]

    @property
    def entered(self) -> str:
        return f"{self.component} {self.end}"

    @cached_property
    def pairs(self) -> Mapping[str, Claim]:
        """What each rule of the release that is entered was, by its own name or by the one that it takes the place of.

        Of a rule that was not there nothing is told: upstream writes an old default beside those of new APIs, too.
        """
        found = {}
        for name, new in self.there.items():
            said = OLD.search(new.says("deprecated"))
            old = self.here.get(name) or (self.here.get(said[1]) if said else None)
            if old is not None and not {name, old.name} & self.told:
                found[name] = old
        return found

    @cached_property
    def new_names(self) -> Mapping[str, str]:
        """Rules that are gone by their name, and what they are called now."""
        return {old.name: name for name, old in self.pairs.items() if old.name not in self.there}

    def changed(self) -> Iterator[Finding]:
        """Say who gets in by default that did not, and who does not any more."""
        old_rules = {name: claim.says("default") for name, claim in self.here.items()}
        new_rules = {name: claim.says("default") for name, claim in self.there.items()}
        groups: defaultdict[tuple[Ways, Ways], list[str]] = defaultdict(list)
        for name, old in self.pairs.items():
            if old.says("default") == new_rules[name]:
                continue  # if a rule that it names has changed, that one is told
            was, now = ways(old.says("default"), old_rules), ways(new_rules[name], new_rules)
            if was is None or now is None:
                continue
            effect = beyond(was, now), beyond(now, was)
            if any(effect):
                groups[effect].append(name)
        for (lost, gained), names in groups.items():
            yield self._changed(lost, gained, names)

    def _changed(self, lost: Ways, gained: Ways, names: list[str]) -> Finding:
        effects = [f"no longer lets in everyone who has {shown(lost)}"] if lost else []
        effects += [f"newly lets in who has {shown(gained)}"] if gained else []
        first = names[0]
        old, new = (claim.says("default") or "@" for claim in (self.pairs[first], self.there[first]))
        example = f"{first} was {old!r}, and is {new!r}"
        keeps = any((said := OLD.search(self.there[name].says("deprecated"))) and said[1] == name for name in names)
        step = "tell users" if lost else "see whether they should be let in"
        step += ", or write the rules as they were into a policy file"
        if lost and keeps:
            step += "; where [oslo_policy] enforce_new_defaults is false, upstream's old defaults still count"
        return self._finding(names, Weight.STEP, f"by default {self.end} {' and '.join(effects)}: {example}", step)

    def gone(self) -> Iterator[Finding]:
        """Find rules that nothing asks for any more."""
        known = {*self.there, *self.new_names, *self.told}
        names = [name for name in self.here if name not in known]
        if names:
            what = f"{self.entered} has no rule of this name: what a policy file says of it has no effect"
            step = "find out in upstream's release notes which rule decides now, and remove it from policy files"
            yield self._finding(names, Weight.STEP, what, step)

    def renamed(self) -> Iterator[Finding]:
        """Tell the new names of rules; oslo.policy reads the old ones, and warns."""
        if self.new_names:
            pairs = ", ".join(f"{old} is {new}" for old, new in self.new_names.items())
            what = f"it has another name in {self.end}, and is still read by the old one: {pairs}"
            step = "write the new names into policy files that have the old ones"
            yield self._finding(list(self.new_names), Weight.NOTE, what, step, listed=False)

    def scopes(self) -> Iterator[Finding]:
        """Tell which rules want tokens of another scope."""
        groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for name, old in self.pairs.items():
            was, now = _scopes(old), _scopes(self.there[name])
            if was != now:
                groups[was, now].append(name)
        for (was, now), names in groups.items():
            what = (
                f"where [oslo_policy] enforce_scope is true, {self.end} takes tokens of the scope {now}; it was {was}"
            )
            yield self._finding(names, Weight.NOTE, what)

    def _finding(self, names: list[str], weight: Weight, what: str, step: str = "", *, listed: bool = True) -> Finding:
        """Make a finding of rules that change in the same way."""
        rest = len(names) - 1
        name = names[0] + (f" and {rest} more" if rest else "")
        every = f". All of them: {', '.join(names)}" if rest and listed else ""
        claim = self.there.get(names[0])
        where = f"{claim.path}:{claim.line} in {self.entered}" if claim else ""
        return Finding(Subject.POLICY, name, weight, what + every, step, where)


def _scopes(claim: Claim) -> str:
    try:
        found = ast.literal_eval(claim.says("scopes") or "None")
    except (ValueError, SyntaxError):
        return claim.says("scopes")
    return " or ".join(sorted(found)) if found else ANY_SCOPE
