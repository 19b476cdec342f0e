"""What a distribution expects of its policies (``policies/tests.yaml``), and whether that is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ConfigDict, Field, model_validator

from stackwright.distribution.reading import parse, read_yaml
from stackwright.distribution.sentences import fault
from stackwright.distribution.texts import Name
from stackwright.distribution.written import FromFile, Written
from stackwright.errors import InputError, Where, suggestion
from stackwright.site.policy.model import Situation, Target
from stackwright.site.policy.wording import nearest_rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from stackwright.site.policy.model import Decision, Matrix

TESTS = "policies/tests.yaml"


class ExpectationFile(Written):
    """Some rules of a service, who they are to let in, and who not."""

    service: Name = Field(description="the service, or a component that is none yet")
    rules: tuple[str, ...] = Field(description="its rules")
    allow: Mapping[Name, tuple[Target, ...]] = Field({}, description="persona -> what it is to be let in for")
    deny: Mapping[Name, tuple[Target, ...]] = Field({}, description="persona -> what it is not to be let in for")
    with_: Mapping[str, bool | int | str] = Field(
        {}, alias="with", description="what else the target says: attribute -> value"
    )
    why: str = Field(description="why it is to be so, for whoever sees it fail")

    @model_validator(mode="after")
    def _says_something(self) -> ExpectationFile:
        # Not by lengths that fields have to have: a list with a mistake in it would be told to be too short, too.
        if not self.rules:
            raise fault("no rules are named", fix="name one", at=("rules",), key=True)
        if not any((*self.allow.values(), *self.deny.values())):
            raise fault("nothing is expected", fix="add `allow:` or `deny:`", key=True)
        for persona, targets in self.deny.items():
            for index, target in enumerate(targets):
                if target in self.allow.get(persona, ()):
                    raise fault(
                        f"{persona} cannot be both let in and not, for {target}",
                        fix="remove one",
                        at=("deny", persona, index),
                    )
        return self


class ExpectationsFile(FromFile):
    """The file `policies/tests.yaml`: what the site's policies are to let whom do."""

    model_config = ConfigDict(title="Stackwright policy tests")

    expectations: tuple[ExpectationFile, ...] = Field(description="rules, who they are to let in, and who not")


@dataclass(frozen=True)
class Expectation:
    """One answer that is expected.

    :param why: it is
    """

    service: str
    rule: str
    persona: str
    situation: Situation
    allowed: bool
    why: str
    where: Where


@dataclass(frozen=True)
class Outcome:
    """What came of an expectation."""

    expectation: Expectation
    decision: Decision

    @property
    def met(self) -> bool:
        """Whether it is as expected."""
        return self.decision.allowed is self.expectation.allowed


def read_expectations(root: Path) -> tuple[Expectation, ...]:
    """Give all expectations of a distribution, one for each rule, persona and target.

    :raises InputError: there is no such file, or something is wrong with it
    """
    if not (root / TESTS).exists():
        raise InputError("nothing is expected of the policies", where=Where(root / TESTS), fix="write what is")
    document = read_yaml(root / TESTS)
    file = parse(ExpectationsFile, document).placed(document)
    return tuple(one for index, entry in enumerate(file.expectations) for one in _each(file, index, entry))


def outcomes(expectations: Iterable[Expectation], matrix: Matrix) -> list[Outcome]:
    """Hold expectations of a service against what it decides.

    :param matrix: has all personas and situations that are asked for
    :raises InputError: the service has no such rule
    """
    found = []
    for one in expectations:
        if one.rule not in matrix.decisions:
            raise InputError(
                f"{one.service} has no rule {one.rule!r}",
                where=one.where,
                fix=nearest_rule(one.service, one.rule, matrix.decisions),
            )
        found.append(Outcome(one, matrix.decisions[one.rule][one.persona][one.situation]))
    return found


def check_personas(expectations: Iterable[Expectation], known: Collection[str]) -> None:
    """See that all personas that are named are there.

    :raises InputError: one is not
    """
    for one in expectations:
        if one.persona not in known:
            raise InputError(
                f"there is no persona {one.persona!r}", where=one.where, fix=suggestion(one.persona, known)
            )


def _each(file: ExpectationsFile, index: int, entry: ExpectationFile) -> Iterator[Expectation]:
    attributes = tuple(sorted(entry.with_.items()))
    for key, said in (("allow", entry.allow), ("deny", entry.deny)):
        for persona, targets in said.items():
            where = file.where("expectations", index, key, persona, key=True)
            for rule in entry.rules:
                for target in targets:
                    situation = Situation(target, attributes)
                    yield Expectation(entry.service, rule, persona, situation, key == "allow", entry.why, where)
