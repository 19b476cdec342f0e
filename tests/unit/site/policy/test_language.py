from __future__ import annotations

import logging

import pytest

from stackwright.site.policy.language import Parsed, parse_check


def parsed(check: str) -> Parsed:
    found = parse_check(check)
    assert isinstance(found, Parsed)
    return found


def test_a_check_names_its_rules_roles_kinds_and_attributes() -> None:
    check = "rule:a or (role:member and not rule:b and project_id:%(project_id)s) or 'public':%(visibility)s"
    assert parsed(check) == Parsed(
        text="(rule:a or (role:member and not rule:b and project_id:%(project_id)s) or 'public':%(visibility)s)",
        rules=("a", "b"),
        roles=("member",),
        kinds=("project_id", "'public'"),
        attributes=frozenset({"project_id", "visibility"}),
    )


@pytest.mark.parametrize(
    ("one", "other"), [("", "@"), ("(role:a)", "role:a"), ("role:a  or\nrole:b", "role:a or role:b")]
)
def test_checks_that_mean_the_same_have_the_same_text(one: str, other: str) -> None:
    assert parsed(one).text == parsed(other).text


@pytest.mark.parametrize(
    ("check", "part"),
    [
        ("admin", "admin"),
        ("role:a or admin", "admin"),
        ("role:a and", "role:a and"),
        ("(role:a", "(role:a"),
        ("role:a role:b", "role:a role:b"),
        ('"role:a"', '"role:a"'),
    ],
)
def test_what_is_not_understood_is_told_and_not_logged(check: str, part: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert parse_check(check) == part
    assert not caplog.records
