"""Check strings, read by oslo.policy: what they name, and where they are not understood."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from oslo_policy import _checks, policy

from stackwright.site.policy.targets import attributes_in

if TYPE_CHECKING:
    from collections.abc import Iterator

# oslo.policy takes a check that it does not understand for one that lets nobody in, and tells its log.
_LOG = logging.getLogger("oslo_policy._parser")
REMOTE = ("http", "https")


@dataclass(frozen=True)
class Parsed:
    """A check string as oslo.policy reads it.

    :param text: in oslo.policy's own words: equal texts mean the same
    :param rules: it refers to
    :param roles: it asks for
    :param kinds: of its checks, beyond rules and roles: what is looked up in the token, or a check of a service's own
    :param attributes: of the target that it names
    """

    text: str
    rules: tuple[str, ...]
    roles: tuple[str, ...]
    kinds: tuple[str, ...]
    attributes: frozenset[str]


@cache
def parse_check(check: str) -> Parsed | str:
    """Read a check string (https://docs.openstack.org/oslo.policy/latest/reference/api/oslo_policy.policy.html).

    :returns: what it says, or the part of it that is not understood
    """
    with _heard() as complaints:
        made = policy.RuleDefault("read", check).check
    if complaints:
        return complaints[0]
    parts = list(_parts(made))
    return Parsed(
        str(made),
        tuple(dict.fromkeys(part.match for part in parts if part.kind == "rule")),
        tuple(dict.fromkeys(part.match for part in parts if part.kind == "role")),
        tuple(dict.fromkeys(part.kind for part in parts if part.kind not in ("rule", "role"))),
        attributes_in(part.match for part in parts),
    )


def _parts(check: _checks.BaseCheck) -> Iterator[_checks.Check]:
    """Give the checks that a check is made of."""
    if isinstance(check, _checks.Check):
        yield check
    elif isinstance(check, _checks.NotCheck):
        yield from _parts(check.rule)
    else:
        for part in getattr(check, "rules", ()):
            yield from _parts(part)


class _Ear(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__()
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(str(record.args[0]) if isinstance(record.args, tuple) and record.args else "")


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Give what oslo.policy complains of while the block runs, and keep it from the user's eyes."""
    heard: list[str] = []
    ear = _Ear(heard)
    spreads = _LOG.propagate
    _LOG.addHandler(ear)
    _LOG.propagate = False
    try:
        yield heard
    finally:
        _LOG.removeHandler(ear)
        _LOG.propagate = spreads
