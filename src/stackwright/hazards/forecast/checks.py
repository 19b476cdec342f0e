"""Check strings of policies (https://docs.openstack.org/oslo.policy/latest/): whom they let in, and who differs.

A check string is taken apart into ways in: sets of conditions that all have to hold. References to other rules are
followed, so that a rule that only has another name in it lets in whom it did.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# The conditions of one way in; an empty one is open to everybody.
Way: TypeAlias = frozenset[str]
Ways: TypeAlias = frozenset[Way]

EVERYBODY: Ways = frozenset({frozenset()})
NOBODY: Ways = frozenset()
TOKEN = re.compile(r"[()]|(?:%\([^)]*\)s|'[^']*'|\"[^\"]*\"|[^\s()])+")
NOT = "not "
REFERENCE = "rule:"
MOST = 400  # ways in that are told apart
SHOWN = 4  # ways in that are named one by one
# Keystone makes its default roles so that each has the next one, too.
IMPLIED = {"role:admin": "role:manager", "role:manager": "role:member", "role:member": "role:reader"}


class UnreadableError(Exception):
    """A text is no check string, or only running the code would tell what it is."""


def ways(text: str, rules: Mapping[str, str]) -> Ways | None:
    """Give the ways in that a check string has; None if it cannot be told.

    :param rules: the check strings that it may refer to, by name
    """
    try:
        return _Parser(text, rules, ()).all()
    except UnreadableError:
        return None


def beyond(some: Ways, others: Ways) -> Ways:
    """Give those ways in by which one gets in that is not let in by the others."""
    return frozenset(way for way in some if not any(other <= _with_implied(way) for other in others))


def shown(some: Ways) -> str:
    """Say who gets in."""
    told = sorted(" and ".join(sorted(way, key=lambda part: (not part.startswith("role:"), part))) for way in some)
    rest = [f"{len(told) - SHOWN} more"] if len(told) > SHOWN else []
    return ", or ".join([*(each or "a token" for each in told[:SHOWN]), *rest])


def _with_implied(way: Way) -> Way:
    found = set(way)
    for role, implied in IMPLIED.items():  # in the order in which one leads to the next
        if role in found:
            found.add(implied)
    return frozenset(found)


class _Parser:
    """Reads one check string; ``and`` binds closer than ``or``, as in oslo.policy."""

    def __init__(self, text: str, rules: Mapping[str, str], within: tuple[str, ...]) -> None:
        self.tokens: list[str] = TOKEN.findall(text)
        self.rules = rules
        self.within = within
        self.at = 0

    def all(self) -> Ways:
        if not self.tokens:
            return EVERYBODY
        found = self._either(negated=False)
        if self.at < len(self.tokens):
            raise UnreadableError
        return found

    def _next(self) -> str:
        if self.at >= len(self.tokens):
            raise UnreadableError
        self.at += 1
        return self.tokens[self.at - 1]

    def _follows(self, word: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at].lower() == word:
            self.at += 1
            return True
        return False

    def _either(self, *, negated: bool) -> Ways:
        return self._joined("or", self._each, _every if negated else _some, negated=negated)

    def _each(self, *, negated: bool) -> Ways:
        return self._joined("and", self._one, _some if negated else _every, negated=negated)

    def _joined(
        self, word: str, part: Callable[..., Ways], join: Callable[[Iterable[Ways]], Ways], *, negated: bool
    ) -> Ways:
        found = [part(negated=negated)]
        while self._follows(word):
            found.append(part(negated=negated))
        return join(found)

    def _one(self, *, negated: bool) -> Ways:
        token = self._next()
        if token.lower() == "not":
            return self._one(negated=not negated)
        if token == "(":
            found = self._either(negated=negated)
            if not self._follows(")"):
                raise UnreadableError
            return found
        if token in ("@", "!"):
            return EVERYBODY if (token == "@") is not negated else NOBODY
        if ":" not in token:
            raise UnreadableError
        name = token.removeprefix(REFERENCE)
        if name != token and name in self.rules and not negated:
            if name in self.within:
                raise UnreadableError
            return _Parser(self.rules[name], self.rules, (*self.within, name)).all()
        # Tenants are what projects were called: whoever has the one has the other.
        same = token.replace("tenant_id", "project_id")
        return frozenset({frozenset({f"{NOT}{same}" if negated else same})})


def _some(parts: Iterable[Ways]) -> Ways:
    return _shortest(frozenset().union(*parts))


def _every(parts: Iterable[Ways]) -> Ways:
    found = EVERYBODY
    for part in parts:
        if len(found) * len(part) > MOST:
            raise UnreadableError
        found = _shortest(frozenset(one | other for one in found for other in part))
    return found


def _shortest(some: Ways) -> Ways:
    """Leave out the ways in that ask for more than another one."""
    return frozenset(way for way in some if not any(other < way for other in some))
