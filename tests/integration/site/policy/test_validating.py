"""What is found to be wrong with a site's policy, with a real environment behind it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from oslo_config import cfg
from oslo_policy import policy

from stackwright.errors import Where
from stackwright.site.policy.model import Severity
from stackwright.site.policy.personas import read_personas
from stackwright.site.policy.rules import rules_of
from stackwright.site.policy.validating import validate_policies
from stackwright.site.values.merge import Placed

if TYPE_CHECKING:
    from stackwright.build.environment import Environment
    from stackwright.store import Memo

FILE = Path("values/openstack.yaml")
PERSONAS = read_personas(Path("/nowhere"))


def placed(overrides: dict[str, str], first: int = 1) -> dict[str, Placed]:
    return {
        rule: Placed(check, check, "region openstack", Where(FILE, line))
        for line, (rule, check) in enumerate(overrides.items(), first)
    }


def test_a_check_that_the_services_own_code_does_not_take_is_an_error_with_its_words(
    environment: Environment, memo: Memo
) -> None:
    overrides = placed({"widget:paint": "colour:green", "widget:get": "colour:blue"})
    (finding,) = validate_policies("widget", environment, overrides, PERSONAS, memo)
    assert (finding.severity, finding.rule) == (Severity.ERROR, "widget:paint")
    assert finding.why == "green is no colour"
    assert finding.where == Where(FILE, 1)


@pytest.mark.parametrize(
    ("overrides", "sound"),
    [
        ({"widget:get": "rule:owner or role:admin"}, True),
        ({"widget:get": "rule:ours", "ours": "role:member"}, True),
        ({"widget:get": "rule:ownr"}, False),
        ({"widget:get": "role:admin and (role:reader or rule:ownr)"}, False),
        ({"widget:get": "rule:widget:get"}, False),
        ({"widget:get": "rule:a", "a": "role:admin or rule:b", "b": "rule:a"}, False),
        ({"owner": "rule:widget:get"}, False),
    ],
)
def test_what_is_an_error_is_one_for_oslo_policy_too(
    overrides: dict[str, str], sound: bool, environment: Environment, memo: Memo
) -> None:
    findings = validate_policies("widget", environment, placed(overrides), PERSONAS, memo)
    assert any(one.severity is Severity.ERROR for one in findings) is not sound
    enforcer = policy.Enforcer(cfg.ConfigOpts(), use_conf=False)
    enforcer.conf([])
    known = {name: rule.check for name, rule in rules_of("widget", environment, memo).rules.items()}
    enforcer.set_rules(policy.Rules.from_dict(known | overrides))
    assert enforcer.check_rules() is sound


def test_a_circle_through_a_negation_is_found_which_oslo_policy_does_not_see(
    environment: Environment, memo: Memo
) -> None:
    overrides = placed({"widget:get": "not rule:a", "a": "rule:widget:get"})
    (finding,) = validate_policies("widget", environment, overrides, PERSONAS, memo)
    assert finding.what == "rules refer to each other in a circle: widget:get -> a -> widget:get"


def test_what_was_found_is_remembered_and_told_where_it_stands_now(environment: Environment, memo: Memo) -> None:
    overrides = {"widget:get": "rule:ownr", "owner": "role:membr"}
    first = validate_policies("widget", environment, placed(overrides), PERSONAS, memo)
    assert len(first) == 2
    shutil.rmtree(environment.path)
    again = validate_policies("widget", environment, placed(overrides, first=41), PERSONAS, memo)
    assert again == tuple(replace(one, where=Where(FILE, one.where.line + 40)) for one in first if one.where.line)


def test_where_nothing_is_set_nothing_is_asked(environment: Environment, memo: Memo) -> None:
    shutil.rmtree(environment.path)
    assert validate_policies("widget", environment, {}, PERSONAS, memo) == ()
