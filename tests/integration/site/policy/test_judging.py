"""What oslo.policy decides in a service's environment, and which rule it was."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from oslo_config import cfg
from oslo_policy import policy

from stackwright.site.policy.judging import EVERYTHING, Case, matrices, matrix
from stackwright.site.policy.model import Decision, Persona, Situation, Target
from stackwright.site.policy.rules import rules_of
from stackwright.site.policy.targets import attributes_in, attributes_of, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.build.environment import Environment
    from stackwright.store import Memo

ADMIN, MEMBER, READER = (Persona(name, roles) for name, roles in (
    ("admin", ("admin", "member", "reader")), ("member", ("member", "reader")), ("reader", ("reader",))
))  # fmt: skip
MAKER = Persona("maker", ("maker",))
EVERYBODY = (ADMIN, MEMBER, READER, MAKER)


def case(environment: Environment, memo: Memo, **overrides: str) -> Case:
    named = {name.replace("widget_", "widget:"): check for name, check in overrides.items()}
    return Case("widget", environment, rules_of("widget", environment, memo), named)


def answers(case: Case, memo: Memo, rule: str, persona: Persona) -> Mapping[str, Decision]:
    decided = matrix(case, [persona], memo).decisions[rule][persona.name]
    return {situation.target: decision for situation, decision in decided.items()}


def test_a_rule_lets_in_for_the_own_project_whom_it_names(environment: Environment, memo: Memo) -> None:
    told = answers(case(environment, memo), memo, "widget:create", MEMBER)
    assert {target for target, decision in told.items() if decision.allowed} == {"self", "own-project"}
    assert not any(one.allowed for one in answers(case(environment, memo), memo, "widget:create", READER).values())


def test_who_is_let_in_is_told_with_the_rule_that_did_it(environment: Environment, memo: Memo) -> None:
    told = answers(case(environment, memo), memo, "widget:get", ADMIN)
    assert told["other-project"] == Decision(True, "context_is_admin", "role:admin")
    told = answers(case(environment, memo), memo, "widget:get", READER)
    assert told["own-project"] == Decision(True, "widget:get", "(role:reader and rule:owner)")


def test_who_is_not_let_in_is_told_with_the_condition_that_he_does_not_meet(
    environment: Environment, memo: Memo
) -> None:
    told = answers(case(environment, memo), memo, "widget:create", MEMBER)
    assert told["other-project"] == Decision(False, "owner", "project_id:%(project_id)s")
    told = answers(case(environment, memo), memo, "widget:get", MAKER)
    assert told["own-project"] == Decision(
        False, "widget:get", "(rule:context_is_admin or (role:reader and rule:owner))"
    )


def test_a_token_of_another_scope_is_refused_by_the_scope(environment: Environment, memo: Memo) -> None:
    told = answers(case(environment, memo), memo, "widget:get", ADMIN)
    assert told["system"] == Decision(False, "widget:get", "the token's scope is system, not project")


def test_rules_that_the_site_sets_take_the_place_of_the_services(environment: Environment, memo: Memo) -> None:
    changed = case(environment, memo, widget_create="role:reader and rule:ours", ours="rule:owner")
    assert answers(changed, memo, "widget:create", READER)["own-project"].allowed
    assert matrix(changed, [], memo).checks["ours"] == "rule:owner"


def test_a_former_name_counts_as_oslo_policy_has_it(environment: Environment, memo: Memo) -> None:
    changed = case(environment, memo, widget_make="role:reader")
    assert answers(changed, memo, "widget:create", READER)["own-project"].allowed


@pytest.mark.parametrize(("new_only", "allowed"), [(True, False), (False, True)])
def test_former_defaults_count_where_the_site_lets_them(
    new_only: bool, allowed: bool, environment: Environment, memo: Memo
) -> None:
    old = Case(
        "widget", environment, rules_of("widget", environment, memo), {}, options={"enforce_new_defaults": new_only}
    )
    assert answers(old, memo, "widget:create", MAKER)["own-project"].allowed is allowed


def test_checks_of_the_services_own_decide(environment: Environment, memo: Memo) -> None:
    red = Situation(Target.OWN_PROJECT, (("colour", "red"),))
    decided = matrix(case(environment, memo), [READER], memo, [*EVERYTHING, red]).decisions["widget:paint"]["reader"]
    assert decided[red] == Decision(True, "widget:paint", "colour:red")
    assert not decided[Situation(Target.OWN_PROJECT)].allowed


def test_a_check_that_fails_lets_nobody_in_and_says_why(environment: Environment, memo: Memo) -> None:
    # A service's own check that asks something which is not there.
    changed = case(environment, memo, widget_get="project_id:%(project_id)d")
    told = answers(changed, memo, "widget:get", ADMIN)["own-project"]
    assert not told.allowed
    assert "cannot be asked: %d format" in told.check


def test_administrators_are_those_whom_the_services_rule_names(environment: Environment, memo: Memo) -> None:
    assert answers(case(environment, memo), memo, "widget:spin", ADMIN)["own-project"].allowed
    assert not answers(case(environment, memo), memo, "widget:spin", MEMBER)["own-project"].allowed
    changed = case(environment, memo, context_is_admin="role:member")
    assert answers(changed, memo, "widget:spin", MEMBER)["own-project"].allowed


def test_nothing_is_asked_of_other_machines(environment: Environment, memo: Memo) -> None:
    changed = case(environment, memo, widget_get="http://127.0.0.1:9/may or role:reader")
    assert answers(changed, memo, "widget:get", READER)["own-project"].allowed
    assert not answers(changed, memo, "widget:get", MAKER)["own-project"].allowed


def test_every_answer_is_oslo_policys_and_so_is_what_decided(environment: Environment, memo: Memo) -> None:
    changes = {
        "a": "role:member and (rule:owner or not role:reader)",
        "widget_get": "rule:a or not (rule:owner and role:reader) and role:maker",
    }
    changed = case(environment, memo, **changes)
    changed = Case(
        changed.service, changed.environment, changed.rules.model_copy(update={"module": ""}), changed.overrides
    )
    made = matrix(changed, EVERYBODY, memo)
    enforcer = policy.Enforcer(cfg.ConfigOpts(), use_conf=False)
    enforcer.conf([])
    enforcer.set_rules(policy.Rules.from_dict(dict(made.checks)))
    names = attributes_in(made.checks.values())
    asked = 0
    for rule, by_persona in made.decisions.items():
        known = changed.rules.rules.get(rule)
        if known is not None:
            enforcer.registered_rules[rule] = policy.RuleDefault(
                rule, known.check, scope_types=list(known.scopes) or None
            )
        for persona in EVERYBODY:
            for situation, decision in by_persona[persona.name].items():
                token = token_of(persona, situation.target)
                token["is_admin"] = "admin" in persona.roles
                target = attributes_of(situation, names)
                assert bool(enforcer.enforce(rule, target, token)) is decision.allowed, (rule, persona, situation)
                if not decision.check.startswith("the token's scope"):
                    check = policy.RuleDefault("alone", decision.check).check
                    assert bool(enforcer.enforce(check, target, token)) is decision.allowed
                asked += 1
    assert asked == len(made.checks) * len(EVERYBODY) * len(EVERYTHING)


def test_what_has_been_decided_is_not_asked_again(environment: Environment, memo: Memo) -> None:
    first = case(environment, memo)
    made = matrix(first, EVERYBODY, memo)
    shutil.rmtree(environment.path)
    assert matrix(first, EVERYBODY, memo) == made


def test_several_services_are_answered_in_the_order_in_which_they_were_asked(
    environment: Environment, memo: Memo
) -> None:
    plain = case(environment, memo)
    without = Case("other", environment, plain.rules.model_copy(update={"module": ""}), {})
    assert [one.service for one in matrices([without, plain], [READER], memo)] == ["other", "widget"]
