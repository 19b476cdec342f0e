"""Let oslo.policy decide in the environments of services, and remember what it decided."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, ValidationError

from stackwright.build.cache import key_of, sha256_of
from stackwright.errors import RunFailedError, Where
from stackwright.site.policy.files import policy_file_text
from stackwright.site.policy.model import Decision, Matrix, Situation, Target
from stackwright.site.policy.targets import attributes_in, attributes_of, token_of
from stackwright.tools import python

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stackwright.build.environment import Environment
    from stackwright.site.policy.model import Persona, Rules
    from stackwright.store import Memo

SCRIPT = Path(__file__).with_name("inside") / "evaluate.py"
MEMO = "policy decisions"

_Told: TypeAlias = tuple[bool, str, str]
EVERYTHING = tuple(Situation(target) for target in Target)


class _Answer(BaseModel):
    """What the script answers: see there."""

    unreadable: dict[str, str]
    checks: dict[str, str] = {}
    decisions: tuple[tuple[tuple[_Told, ...], ...], ...] = ()
    of: dict[str, int] = {}


@dataclass(frozen=True)
class Case:
    """A service whose rules are to decide.

    :param overrides: rule -> check, over the service's own
    :param options: of [oslo_policy], where they are not upstream's: ``enforce_new_defaults``, ``enforce_scope``
    :param knows: what whoever enforces the rules knows of a token; all, if it is empty
    """

    service: str
    environment: Environment
    rules: Rules
    overrides: Mapping[str, str]
    options: Mapping[str, bool] = field(default_factory=dict)
    knows: frozenset[str] = frozenset()


def matrices(
    cases: Sequence[Case],
    personas: Sequence[Persona],
    memo: Memo,
    situations: Sequence[Situation] = EVERYTHING,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Matrix]:
    """Give what the rules of services decide for each persona and each thing that is asked about, several at once.

    :param meanwhile: is called while their environments answer; what it raises counts more than their answers
    :raises RunFailedError: a service's own checks cannot be imported
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        # First those whose own checks have to be imported: that takes longest.
        order = sorted(range(len(cases)), key=lambda index: not cases[index].rules.module)
        futures = {index: pool.submit(matrix, cases[index], personas, memo, situations) for index in order}
        meanwhile()
        return [futures[index].result() for index in range(len(cases))]


def matrix(case: Case, personas: Sequence[Persona], memo: Memo, situations: Sequence[Situation] = EVERYTHING) -> Matrix:
    """Give what the rules of a service decide for each persona and each thing that is asked about.

    :raises RunFailedError: the service's own checks cannot be imported
    """
    answer = _asked(case, personas, situations, memo)
    decisions = {
        rule: {
            persona.name: {
                situation: _decision(answer.decisions[index][at][place], rule)
                for at, situation in enumerate(situations)
            }
            for place, persona in enumerate(personas)
        }
        for rule, index in _in_order(case.rules, answer.of)
    }
    return Matrix(case.service, tuple(one.name for one in personas), tuple(situations), answer.checks, decisions)


def _in_order(rules: Rules, of: Mapping[str, int]) -> list[tuple[str, int]]:
    """Give the service's own rules as it has them, and behind them what else is set."""
    order = {name: place for place, name in enumerate(rules.rules)}
    return sorted(of.items(), key=lambda one: order.get(one[0], len(order)))


def _decision(told: _Told, rule: str) -> Decision:
    allowed, by, check = told
    return Decision(allowed, by or rule, check)


def unreadable(case: Case, memo: Memo) -> Mapping[str, str]:
    """Give the overrides that a check of the service's own does not take, each with what is wrong with it.

    :raises RunFailedError: the service's own checks cannot be imported
    """
    return _asked(case, (), (), memo).unreadable


def _asked(case: Case, personas: Sequence[Persona], situations: Sequence[Situation], memo: Memo) -> _Answer:
    question = _question(case, personas, situations)
    key = key_of("policy", case.environment.key, sha256_of(SCRIPT), question)
    told = memo.get(MEMO, key)
    if told is not None:
        try:
            return _Answer.model_validate_json(told)
        except ValidationError:  # it was damaged
            pass
    try:
        told = python.ask(case.environment.path, SCRIPT, [], json.dumps(question).encode()).decode()
    except RunFailedError as error:
        raise RunFailedError(
            f"the policies of {case.service} cannot be evaluated",
            where=Where(subject=case.service),
            why=error.details.strip().rpartition("\n")[2].strip(),
            fix=f"a patch of ours may be to blame: stackwright test {case.service}",
        ) from error
    memo.put(MEMO, key, told)
    return _Answer.model_validate_json(told)


def _question(case: Case, personas: Sequence[Persona], situations: Sequence[Situation]) -> dict[str, Any]:
    rules = case.rules.rules.values()
    checks = [*(rule.check for rule in rules), *case.overrides.values()]
    checks += [rule.replaces.check for rule in rules if rule.replaces]
    names = attributes_in(checks)
    targets = list(dict.fromkeys(situation.target for situation in situations))
    tokens = {
        (target, persona.name): {
            name: value for name, value in token_of(persona, target).items() if name in case.knows or not case.knows
        }
        for target in targets
        for persona in personas
    }
    places = {key: index for index, key in enumerate(tokens)}
    return {
        "rules": [rule.model_dump(include={"name", "check", "scopes", "replaces"}, mode="json") for rule in rules],
        "module": case.rules.module,
        "file": policy_file_text(case.overrides),
        "options": dict(case.options),
        "tokens": list(tokens.values()),
        "targets": [
            {
                "attributes": attributes_of(situation, names),
                "tokens": [places[situation.target, persona.name] for persona in personas],
            }
            for situation in situations
        ],
    }
