"""What becomes of policies: who gets in by default that did not, and who does not any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.check import Found
from stackwright.hazards.forecast.checks import EVERYBODY, NOBODY, beyond, shown, ways
from stackwright.hazards.forecast.model import Finding, Subject, Weight
from stackwright.hazards.forecast.policies import policies
from stackwright.hazards.hazard import Hazard, Rule, Side
from stackwright.hazards.model import Claim, Claims, Kind, Unseen

if TYPE_CHECKING:
    from collections.abc import Mapping

ADMIN = {"admin": "role:admin"}
OWNER = "project_id:%(project_id)s"


def policy(name: str, default: str, **meaning: str) -> Claim:
    return Claim(Kind.POLICY, name, (("default", default), *sorted(meaning.items())), "nova/policies/servers.py", 20)


def claims(rules: Mapping[str, str], *more: Claim) -> Claims:
    return Claims((*(policy(name, default) for name, default in (ADMIN | dict(rules)).items()), *more))


def found(before: Claims, after: Claims, *hazards: Found) -> list[Finding]:
    return list(policies("nova", before, after, "2026.2", hazards))


def only(some: list[Finding], weight: Weight) -> Finding:
    (one,) = some
    assert (one.subject, one.weight) == (Subject.POLICY, weight)
    return one


def test_who_does_not_get_in_any_more_is_a_step() -> None:
    one = only(found(claims({"list": OWNER}), claims({"list": f"role:member and {OWNER}"})), Weight.STEP)
    assert one.name == "list"
    assert one.what == (
        f"by default 2026.2 no longer lets in everyone who has {OWNER}: list was '{OWNER}', and is"
        f" 'role:member and {OWNER}'"
    )
    assert one.step == "tell users, or write the rules as they were into a policy file"
    assert one.where == "nova/policies/servers.py:20 in nova 2026.2"


def test_who_newly_gets_in_is_a_step_too() -> None:
    one = only(found(claims({"list": "rule:admin"}), claims({"list": "rule:admin or role:service"})), Weight.STEP)
    assert "newly lets in who has role:service" in one.what
    assert "no longer" not in one.what
    assert one.step.startswith("see whether they should be let in")


def test_rules_that_change_in_the_same_way_are_told_together() -> None:
    before = claims({"a": "rule:admin", "b": "role:admin", "c": "rule:admin", "d": OWNER})
    after = claims({"a": "rule:admin or role:service", "b": "role:service or rule:admin", "c": "!", "d": OWNER})
    some = found(before, after)
    assert [one.name for one in some] == ["a and 1 more", "c"]
    assert some[0].what.endswith("All of them: a, b")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("role:admin", "rule:admin"),
        (f"rule:admin or {OWNER}", f"{OWNER} or (role:admin)"),
        ("tenant_id:%(tenant_id)s", OWNER),
        (f"role:admin or {OWNER}", f"{OWNER} or role:admin or (role:admin and {OWNER})"),
        ("not (role:a or role:b)", "not role:a and not role:b"),
        ("", "@"),
    ],
)
def test_another_way_to_write_the_same_is_no_change(old: str, new: str) -> None:
    assert found(claims({"list": old}), claims({"list": new})) == []


def test_a_rule_that_others_name_is_told_itself_and_not_through_them() -> None:
    before = claims({"owner": OWNER, "list": "rule:owner"})
    after = claims({"owner": f"role:member and {OWNER}", "list": "rule:owner"})
    assert only(found(before, after), Weight.STEP).name == "owner"


def test_what_only_running_the_code_would_tell_is_not_judged() -> None:
    assert found(claims({"list": "base.policy_or(ADMIN)"}), claims({"list": "rule:admin"})) == []
    assert found(claims({"list": "rule:admin"}), claims({"list": "rules.ADMIN"})) == []


def test_that_an_old_default_may_still_count_is_told() -> None:
    new = policy("list", f"role:member and {OWNER}", deprecated=f"list = '{OWNER}'")
    one = only(found(claims({"list": OWNER}), claims({}, new)), Weight.STEP)
    assert one.step.endswith("where [oslo_policy] enforce_new_defaults is false, upstream's old defaults still count")


def test_rules_that_are_gone_are_told_in_one_step() -> None:
    one = only(found(claims({"a": "rule:admin", "b": "rule:admin"}), claims({})), Weight.STEP)
    assert one.name == "a and 1 more"
    assert one.what == (
        "nova 2026.2 has no rule of this name: what a policy file says of it has no effect. All of them: a, b"
    )


def test_a_new_name_is_noted_and_its_default_compared() -> None:
    new = policy("list:tags", "rule:admin", deprecated="list_tags = 'rule:admin'")
    one = only(found(claims({"list_tags": "rule:admin"}), claims({}, new)), Weight.NOTE)
    assert one.what == "it has another name in 2026.2, and is still read by the old one: list_tags is list:tags"
    other = policy("list:tags", "role:service", deprecated="for removal since 1; list_tags = 'rule:admin'")
    some = found(claims({"list_tags": "rule:admin"}), claims({}, other))
    assert [(each.name, each.weight) for each in some] == [("list:tags", Weight.STEP), ("list_tags", Weight.NOTE)]


def test_a_rule_that_is_split_from_another_is_compared_with_it() -> None:
    new = policy("list:host", "role:service", deprecated="list = 'rule:admin'")
    before = claims({"list": "rule:admin"})
    assert only(found(before, claims({"list": "rule:admin"}, new)), Weight.STEP).name == "list:host"


def test_of_a_new_rule_nothing_is_told_though_it_names_an_old_default() -> None:
    new = policy("backup", f"role:member and {OWNER}", deprecated=f"backup = '{OWNER}'")
    assert found(claims({}), claims({}, new)) == []


def test_other_scopes_are_noted_together() -> None:
    before = [policy(name, "rule:admin", scopes="['system']") for name in "ab"]
    after = [policy(name, "rule:admin", scopes="['system', 'project']") for name in "ab"]
    one = only(found(claims({}, *before), claims({}, *after)), Weight.NOTE)
    assert one.name == "a and 1 more"
    assert "takes tokens of the scope project or system; it was system" in one.what
    swapped = [policy(name, "rule:admin", scopes="['project', 'system']") for name in "ab"]
    assert found(claims({}, *after), claims({}, *swapped)) == []


@pytest.mark.parametrize("name", ["list_tags", "list:tags"])
def test_what_a_hazard_tells_is_not_told_again(name: str) -> None:
    side = Side("", "")
    hazard = Hazard(
        Rule.RENAMED, "nova", "2026.1", "ours.patch", Kind.POLICY, name, ("2026.2",), side, side, "", "", ""
    )
    new = policy("list:tags", "role:service", deprecated="list_tags = 'rule:admin'")
    some = found(claims({"list_tags": "rule:admin"}), claims({}, new), Found(hazard))
    assert [one for one in some if one.name == name] == []


def test_a_tree_that_shows_no_policies_is_told_and_nothing_is_called_gone() -> None:
    unseen = Unseen(Kind.POLICY, ("nova/policies/*.py",), "the tree has no such file (policies)")
    one = only(found(claims({"a": "rule:admin"}), Claims((), (unseen,))), Weight.STEP)
    assert "cannot be seen" in one.what
    assert found(Claims(()), claims({})) == []


def test_roles_that_lead_to_others_are_known() -> None:
    member, reader, manager = (ways(f"role:{role} and {OWNER}", {}) for role in ("member", "reader", "manager"))
    assert member is not None
    assert reader is not None
    assert manager is not None
    assert beyond(member, reader) == beyond(manager, reader) == NOBODY
    assert beyond(reader, member) == reader


def test_ways_in() -> None:
    assert ways("", {}) == ways("@", {}) == ways("not !", {}) == EVERYBODY
    assert ways("!", {}) == ways("role:a and !", {}) == NOBODY
    assert ways("role:a or @", {}) == EVERYBODY
    assert ways("role:a and role:b or role:c", {}) == frozenset(
        {frozenset({"role:a", "role:b"}), frozenset({"role:c"})}
    )
    assert ways("role:a and (role:b or role:c)", {}) == ways("role:a AND role:b OR role:a and role:c", {})
    assert ways("rule:x or role:b", {"x": "role:a"}) == ways("role:a or role:b", {})
    assert ways("'public':%(visibility)s", {}) == frozenset({frozenset({"'public':%(visibility)s"})})


@pytest.mark.parametrize("text", ["(role:a", "role:a)", "role:a or", "admin", "and role:a", "not", "rule:circle"])
def test_what_is_no_check_string_is_none(text: str) -> None:
    assert ways(text, {"circle": "rule:circle"}) is None


def test_a_check_string_with_too_many_ways_in_is_none() -> None:
    pairs = " and ".join(f"(role:a{number} or role:b{number})" for number in range(20))
    assert ways(pairs, {}) is None


def test_ways_in_are_told_in_words() -> None:
    some = ways(f"{OWNER} and role:member or role:admin or role:a or role:b or role:c or role:d", {})
    assert some is not None
    assert shown(some) == "role:a, or role:admin, or role:b, or role:c, or 2 more"
    assert shown(EVERYBODY) == "a token"
