"""Every fault that a rule which is set can have: what is said of it, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.errors import InputError, ManyInputsError, Where
from stackwright.site.policy.checking import findings_of
from stackwright.site.policy.model import Deprecated, Finding, Rule, Rules, Severity
from stackwright.site.policy.validating import refuse
from stackwright.site.values.merge import Placed

FILE = Path("values/openstack.yaml")
ROLES = ("admin", "member", "reader")


def rules(*some: Rule, checks: tuple[str, ...] = ()) -> Rules:
    known = {
        "admin_api": Rule(name="admin_api", check="role:admin"),
        "widget:get": Rule(name="widget:get", check="rule:admin_api or (role:reader and project_id:%(project_id)s)"),
        "widget:create": Rule(
            name="widget:create",
            check="role:member and project_id:%(project_id)s",
            replaces=Deprecated(name="widget:make", check="role:member", reason="names are\nverbs", since="2025.1"),
        ),
        "widget:spin": Rule(name="widget:spin", check="role:admin", removal="nobody spins (since 2025.1)"),
    }
    return Rules(rules=known | {rule.name: rule for rule in some}, checks=checks)


def found(overrides: dict[str, str], known: Rules | None = None) -> list[Finding]:
    placed = {
        rule: Placed(check, check, "region openstack", Where(FILE, line))
        for line, (rule, check) in enumerate(overrides.items(), 1)
    }
    return list(findings_of("widget", known or rules(), placed, ROLES))


def only(overrides: dict[str, str], known: Rules | None = None) -> Finding:
    (finding,) = found(overrides, known)
    return finding


def test_rules_that_are_sound_are_not_mentioned() -> None:
    sound = {
        "widget:get": "rule:admin_api or rule:ours or 'public':%(visibility)s",
        "ours": "role:member and user_id:%(user_id)s and not domain_id:None",
    }
    assert found(sound) == []


def test_a_rule_that_the_service_does_not_have_is_an_error_with_the_nearest_name() -> None:
    finding = only({"widget:gett": "role:admin"})
    assert finding.severity is Severity.ERROR
    assert finding.what == "widget has no rule 'widget:gett'"
    assert finding.fix == "did you mean 'widget:get'?"
    assert finding.where == Where(FILE, 1)


def test_a_reference_to_a_rule_that_is_not_there_is_an_error_with_the_nearest_name() -> None:
    finding = only({"widget:get": "role:admin or not rule:admin_ap"})
    assert finding.severity is Severity.ERROR
    assert finding.what == "it refers to the rule 'admin_ap', which widget does not have"
    assert finding.fix == "did you mean 'admin_api'?"


def test_a_reference_to_a_former_name_is_an_error_with_the_new_one() -> None:
    finding = only({"widget:get": "rule:widget:make"})
    assert finding.severity is Severity.ERROR
    assert finding.fix == "write rule:widget:create"


@pytest.mark.parametrize("first", ["rule:b", "role:admin or (rule:b and role:reader)", "not rule:b"])
def test_rules_that_refer_to_each_other_in_a_circle_are_told_once_with_the_way(first: str) -> None:
    finding = only({"widget:get": first, "b": "rule:c", "c": "rule:widget:get or role:admin"})
    assert finding.severity is Severity.ERROR
    assert finding.what == "rules refer to each other in a circle: widget:get -> b -> c -> widget:get"
    assert finding.where == Where(FILE, 1)


def test_a_circle_may_lead_through_a_rule_of_the_services_own() -> None:
    finding = only({"admin_api": "rule:widget:get"})
    assert finding.what == "rules refer to each other in a circle: admin_api -> widget:get -> admin_api"


def test_who_only_refers_to_a_circle_is_not_in_it() -> None:
    findings = found({"widget:get": "rule:a", "a": "rule:a"})
    assert [finding.rule for finding in findings] == ["a"]


@pytest.mark.parametrize(
    ("check", "what", "fix"),
    [
        ("admin", "oslo.policy does not understand this check", "write role:admin"),
        ("role:reader or admin_api", "oslo.policy does not understand this check: 'admin_api' is no check",
         "write rule:admin_api"),
        ("role:admin and", "oslo.policy does not understand this check",
         "write KIND:VALUE checks, joined by and, or, not and parentheses"),
    ],
)  # fmt: skip
def test_a_check_that_is_not_understood_is_an_error(check: str, what: str, fix: str) -> None:
    finding = only({"widget:get": check})
    assert (finding.severity, finding.what, finding.fix) == (Severity.ERROR, what, fix)


def test_what_the_service_does_by_itself_is_noted() -> None:
    finding = only({"widget:get": "rule:admin_api or  role:reader and project_id:%(project_id)s"})
    assert (finding.severity, finding.what) == (Severity.NOTE, "this is what widget does by itself")


def test_a_former_name_is_a_warning_with_the_new_one_and_the_reason() -> None:
    finding = only({"widget:make": "role:reader"})
    assert finding.severity is Severity.WARNING
    assert finding.fix == "write widget:create"
    assert finding.why == "names are verbs (since 2025.1)"


def test_a_rule_that_will_be_removed_is_a_warning_with_the_reason() -> None:
    finding = only({"widget:spin": "role:member"})
    assert (finding.severity, finding.why) == (Severity.WARNING, "nobody spins (since 2025.1)")


def test_a_rule_that_lets_everybody_in_is_a_warning() -> None:
    finding = only({"widget:create": ""})
    assert (finding.severity, finding.what) == (Severity.WARNING, "it lets in everybody who is logged in")
    assert "role:member and project_id:%(project_id)s" in finding.why


@pytest.mark.parametrize(
    ("check", "what", "fix"),
    [
        ("role:membr", "nothing is known of a role 'membr'",
         "did you mean 'member'? or name it in policies/personas.yaml"),
        ("rol:member", "no token has 'rol'", "did you mean 'role'?"),
        ("project_id:%(projectid)s", "nothing is known of the attribute %(projectid)s", "did you mean 'project_id'?"),
    ],
)  # fmt: skip
def test_what_can_never_be_met_is_a_warning(check: str, what: str, fix: str) -> None:
    finding = only({"widget:get": check})
    assert (finding.severity, finding.what, finding.fix) == (Severity.WARNING, what, fix)


def test_roles_are_compared_as_oslo_policy_does() -> None:
    assert found({"widget:get": "role:ADMIN"}) == []


def test_checks_of_the_services_own_are_known() -> None:
    assert only({"widget:get": "colour:red"}).what == "no token has 'colour'"
    assert found({"widget:get": "colour:red"}, rules(checks=("colour",))) == []


def test_a_check_that_asks_another_machine_is_noted() -> None:
    assert only({"widget:get": "http://example.org/may"}).severity is Severity.NOTE


def test_only_errors_are_refused_and_all_of_them_at_once() -> None:
    refuse(found({"widget:make": "role:reader"}))
    with pytest.raises(InputError, match="widget:gett: widget has no rule"):
        refuse(found({"widget:gett": "role:admin"}))
    with pytest.raises(ManyInputsError) as many:
        refuse(found({"widget:gett": "role:admin", "widget:get": "admin"}))
    assert [error.where.line for error in many.value.errors] == [1, 2]
