"""What is known of policies: rules of services, who asks for what, and what is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict

from stackwright.errors import Where


class Target(StrEnum):
    """What a request is about, and the scope of the token that it comes with."""

    SELF = "self"
    OWN_PROJECT = "own-project"
    OTHER_PROJECT = "other-project"
    DOMAIN = "domain"
    SYSTEM = "system"


class _Told(BaseModel):
    """Base of what a script in an environment tells."""

    model_config = ConfigDict(frozen=True)


class Deprecated(_Told):
    """A rule that another takes the place of.

    :param since: the release that says so
    """

    name: str
    check: str
    reason: str = ""
    since: str = ""


class Rule(_Told):
    """A rule that a service registers with oslo.policy.

    :param check: the default, in oslo.policy's language
    :param scopes: of tokens that it takes; empty if it takes any
    :param operations: ``METHOD path`` of the API
    :param replaces: the rule that it takes the place of
    :param removal: why it will be removed, and since when that is said; empty if it stays
    """

    name: str
    check: str
    scopes: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    description: str = ""
    replaces: Deprecated | None = None
    removal: str = ""


class Rules(_Told):
    """All rules of a service.

    :param rules: by their names
    :param checks: the kinds of check that it adds to oslo.policy's own
    :param module: which registers those; empty if there are none
    """

    rules: Mapping[str, Rule]
    checks: tuple[str, ...] = ()
    module: str = ""


@dataclass(frozen=True)
class Persona:
    """Somebody who asks.

    :param roles: all that the token has, implied ones included
    :param service_roles: those of the service token that comes with it
    """

    name: str
    roles: tuple[str, ...]
    service_roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Situation:
    """What is asked about.

    :param attributes: what the target says beyond what every target of its kind does
    """

    target: Target
    attributes: tuple[tuple[str, bool | int | str], ...] = ()


@dataclass(frozen=True)
class Decision:
    """An answer of oslo.policy.

    :param rule: the rule whose check decided: the one that was asked for, or one that it refers to
    :param check: that check: what let the request in, or what did not
    """

    allowed: bool
    rule: str
    check: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{'allowed' if self.allowed else 'denied'} by {self.rule}: {self.check}"


# Rule -> persona -> what is asked about -> the answer.
Decisions: TypeAlias = "Mapping[str, Mapping[str, Mapping[Situation, Decision]]]"


@dataclass(frozen=True)
class Matrix:
    """What a service's rules decide.

    :param checks: rule -> its check as it is in force
    """

    service: str
    personas: tuple[str, ...]
    situations: tuple[Situation, ...]
    checks: Mapping[str, str]
    decisions: Decisions


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """Something about a rule that the site sets.

    :param rule: its name
    """

    severity: Severity
    service: str
    rule: str
    what: str
    where: Where
    why: str = ""
    fix: str = ""
