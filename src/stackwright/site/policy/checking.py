"""What is wrong with what a site changes in a service's policy, held against the rules that the service has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.site.policy.language import REMOTE, Parsed, parse_check
from stackwright.site.policy.model import Finding, Persona, Severity, Target
from stackwright.site.policy.personas import PERSONAS
from stackwright.site.policy.targets import is_known, token_of
from stackwright.site.policy.wording import near, nearest_rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from stackwright.site.policy.model import Rules
    from stackwright.site.values.merge import Placed

# What a check may look up in a token, whatever the service (oslo.context, and what services add to it).
KNOWN_OF_TOKENS = frozenset(token_of(Persona("", ()), Target.OWN_PROJECT)) | {"is_admin"}
EVERYBODY = "@"  # oslo.policy's word for it
LISTED = 5  # of rules that have taken the place of one


def findings_of(
    service: str,
    rules: Rules,
    overrides: Mapping[str, Placed],
    roles: Collection[str],
    unreadable: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Find what is wrong with what is set of a service's policy, in the order in which it is set.

    :param roles: those that there are
    :param unreadable: rule -> why a check of the service's own does not take it (see `judging.unreadable`)
    """
    checker = _Checker(service, rules, overrides, frozenset(roles), unreadable or {})
    return tuple(finding for rule in overrides for finding in checker.of(rule))


@dataclass(frozen=True)
class _Checker:
    service: str
    rules: Rules
    overrides: Mapping[str, Placed]
    roles: frozenset[str]
    unreadable: Mapping[str, str]

    def of(self, rule: str) -> Iterator[Finding]:
        """Find what is wrong with a rule that is set."""
        yield from self._name(rule)
        parsed = self._parsed(rule)
        if isinstance(parsed, str):
            yield self._not_understood(rule, parsed)
            return
        if rule in self.unreadable:
            yield self._finding(
                Severity.ERROR,
                rule,
                f"{self.service} cannot read this check",
                why=self.unreadable[rule],
                fix=f"write it as upstream does: stackwright policy sample {self.service}",
            )
        yield from self._references(rule, parsed)
        circle = self._circle(rule)
        if circle:
            way = " -> ".join((*circle, circle[0]))
            yield self._finding(
                Severity.ERROR, rule, f"rules refer to each other in a circle: {way}", fix="write one of them out"
            )
        yield from self._same(rule, parsed)
        yield from self._names(rule, parsed)

    @cached_property
    def _replaced(self) -> Mapping[str, tuple[str, ...]]:
        """Names that rules had, and what has taken their places."""
        found: dict[str, list[str]] = {}
        for name, rule in self.rules.rules.items():
            if rule.replaces and rule.replaces.name not in self.rules.rules:
                found.setdefault(rule.replaces.name, []).append(name)
        return {old: tuple(new) for old, new in found.items()}

    @cached_property
    def _referred_to(self) -> frozenset[str]:
        """Rules that others, which are set, refer to."""
        parsed = {rule: self._parsed(rule) for rule in self.overrides}
        return frozenset(
            name for rule, one in parsed.items() if isinstance(one, Parsed) for name in one.rules if name != rule
        )

    @cached_property
    def _kinds(self) -> frozenset[str]:
        """What checks may ask for: what tokens have, what the service adds, and what its own defaults ask for."""
        defaults = [parse_check(rule.check) for rule in self.rules.rules.values()]
        used = {kind for one in defaults if isinstance(one, Parsed) for kind in one.kinds}
        return KNOWN_OF_TOKENS | used | set(self.rules.checks) | set(REMOTE)

    def _parsed(self, rule: str) -> Parsed | str:
        return parse_check(self.overrides[rule].text)

    def _name(self, name: str) -> Iterator[Finding]:
        rule = self.rules.rules.get(name)
        if rule is not None:
            if rule.removal:
                yield self._finding(
                    Severity.WARNING, name, f"{self.service} will remove the rule {name!r}", why=rule.removal,
                    fix="remove it when the release says which rule decides then",
                )  # fmt: skip
        elif name in self._replaced:
            new = self._replaced[name]
            more = f" and {len(new) - LISTED} more" if len(new) > LISTED else ""
            yield self._finding(
                Severity.WARNING,
                name,
                f"the rule {name!r} has another name now",
                why=self._why_replaced(new[0]),
                fix=f"write {', '.join(new[:LISTED])}{more}",
            )
        elif name not in self._referred_to:
            yield self._finding(
                Severity.ERROR,
                name,
                f"{self.service} has no rule {name!r}",
                why="nothing asks for it, and no rule that is set refers to it",
                fix=self._nearest(name),
            )

    def _why_replaced(self, new: str) -> str:
        old = self.rules.rules[new].replaces
        assert old is not None
        since = f" (since {old.since})" if old.since else ""
        return " ".join(f"{old.reason}{since}".split())

    def _not_understood(self, rule: str, part: str) -> Finding:
        whole = self.overrides[rule].text
        what = "oslo.policy does not understand this check"
        what += f": {part!r} is no check" if part and part != whole else ""
        if part and ":" not in part and part.lower() in self.roles:
            fix = f"write role:{part}"
        elif part and ":" not in part and part in self.rules.rules:
            fix = f"write rule:{part}"
        else:
            fix = "write KIND:VALUE checks, joined by and, or, not and parentheses"
        why = "it would let nobody in"
        return self._finding(Severity.ERROR, rule, what, why=why, fix=fix)

    def _references(self, rule: str, parsed: Parsed) -> Iterator[Finding]:
        known = {*self.rules.rules, *self.overrides}
        for name in parsed.rules:
            if name not in known:
                new = self._replaced.get(name)
                yield self._finding(
                    Severity.ERROR,
                    rule,
                    f"it refers to the rule {name!r}, which {self.service} does not have",
                    why=f"{name} has another name now" if new else "what refers to no rule lets nobody in",
                    fix=f"write rule:{new[0]}" if new else self._nearest(name),
                )

    def _circle(self, start: str) -> tuple[str, ...]:
        """Give the rules that lead from a rule back to it, itself first; told for the first of them that is set."""

        def search(name: str, way: tuple[str, ...]) -> tuple[str, ...]:
            for following in self._leads_to(name):
                if following == start:
                    return way
                if following not in seen:
                    seen.add(following)
                    found = search(following, (*way, following))
                    if found:
                        return found
            return ()

        seen: set[str] = set()
        circle = search(start, (start,))
        first = next((rule for rule in self.overrides if rule in circle), "")
        return circle if first == start else ()

    def _leads_to(self, name: str) -> tuple[str, ...]:
        check = self.overrides[name].text if name in self.overrides else ""
        if name not in self.overrides and name in self.rules.rules:
            check = self.rules.rules[name].check
        parsed = parse_check(check)
        return parsed.rules if isinstance(parsed, Parsed) else ()

    def _same(self, rule: str, parsed: Parsed) -> Iterator[Finding]:
        known = self.rules.rules.get(rule)
        default = parse_check(known.check) if known else ""
        if isinstance(default, Parsed) and default.text == parsed.text:
            yield self._finding(Severity.NOTE, rule, f"this is what {self.service} does by itself", fix="remove it")
        elif parsed.text == EVERYBODY:
            yield self._finding(
                Severity.WARNING,
                rule,
                "it lets in everybody who is logged in",
                why=f"upstream has {known.check!r}" if known else "",
                fix="say who: role:member and project_id:%(project_id)s",
            )

    def _names(self, rule: str, parsed: Parsed) -> Iterator[Finding]:
        """Find what no token and no target has: such a check is never met, and nobody says so."""
        for role in parsed.roles:
            if role.lower() not in {one.lower() for one in self.roles} and "%(" not in role:
                yield self._finding(
                    Severity.WARNING,
                    rule,
                    f"nothing is known of a role {role!r}",
                    why=f"neither upstream makes it nor {PERSONAS} names it",
                    fix=" or ".join(filter(None, (near(role, self.roles), f"name it in {PERSONAS}"))),
                )
        for kind in parsed.kinds:
            if kind in REMOTE:
                yield self._finding(
                    Severity.NOTE, rule, f"the check {kind}: asks another machine: here it counts as a no"
                )
            elif kind.partition(".")[0] not in self._kinds and kind not in self._kinds and not _is_literal(kind):
                yield self._finding(
                    Severity.WARNING,
                    rule,
                    f"no token has {kind!r}",
                    why="a check of it is never met",
                    fix=near(kind, {*self._kinds, "role", "rule"}),
                )
        for name in sorted(parsed.attributes):
            if not is_known(name) and name not in self._attributes:
                yield self._finding(
                    Severity.WARNING,
                    rule,
                    f"nothing is known of the attribute %({name})s",
                    why=f"no default of {self.service} names it; a check of it is never met",
                    fix=near(name, self._attributes),
                )

    @cached_property
    def _attributes(self) -> frozenset[str]:
        defaults = [parse_check(rule.check) for rule in self.rules.rules.values()]
        return frozenset(name for one in defaults if isinstance(one, Parsed) for name in one.attributes)

    def _nearest(self, name: str) -> str:
        return nearest_rule(self.service, name, self.rules.rules)

    def _finding(self, severity: Severity, rule: str, what: str, *, why: str = "", fix: str = "") -> Finding:
        return Finding(severity, self.service, rule, what, self.overrides[rule].where, why, fix)


def _is_literal(kind: str) -> bool:
    """Tell whether the left side of a check is a value and not the name of one: ``'public'``, ``True``, ``None``."""
    return kind[:1] in "'\"" or kind in {"True", "False", "None"} or kind.isdecimal()
