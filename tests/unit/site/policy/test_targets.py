from __future__ import annotations

import pytest

from stackwright.site.policy.model import Persona, Situation, Target
from stackwright.site.policy.targets import (
    DOMAIN,
    OTHER_PROJECT,
    OTHER_USER,
    PROJECT,
    USER,
    attributes_of,
    is_known,
    token_of,
)

NAMES = ("user_id", "project_id", "tenant_id", "domain_id", "target.user.id", "network:project_id", "owner", "colour")
ANYBODY = Persona("anybody", ("member",))


@pytest.mark.parametrize(
    ("target", "user", "project"),
    [
        (Target.SELF, USER, PROJECT),
        (Target.OWN_PROJECT, OTHER_USER, PROJECT),
        (Target.OTHER_PROJECT, OTHER_USER, OTHER_PROJECT),
        (Target.DOMAIN, OTHER_USER, OTHER_PROJECT),
    ],
)
def test_a_target_says_whose_it_is_by_all_names_that_this_has(target: Target, user: str, project: str) -> None:
    said = attributes_of(Situation(target), NAMES)
    assert {said[name] for name in ("user_id", "target.user.id")} == {user}
    assert {said[name] for name in ("project_id", "tenant_id", "network:project_id", "owner")} == {project}
    assert said["domain_id"] == DOMAIN
    assert "colour" not in said


def test_a_target_says_what_a_test_adds() -> None:
    said = attributes_of(Situation(Target.SELF, (("shared", True), ("owner", "x"))), NAMES)
    assert said["shared"] is True
    assert said["owner"] == "x"


def test_it_is_known_which_attributes_stand_for_something() -> None:
    assert is_known("target.trust.trustor_user_id")
    assert is_known("target.limit.project.domain_id")
    assert not is_known("projectid")


@pytest.mark.parametrize(
    ("target", "scope"),
    [(Target.SELF, "project_id"), (Target.OTHER_PROJECT, "project_id"), (Target.DOMAIN, "domain_id")],
)
def test_a_token_is_of_one_scope(target: Target, scope: str) -> None:
    token = token_of(ANYBODY, target)
    scopes = {name for name in ("project_id", "domain_id", "system_scope") if token[name] is not None}
    assert scopes == {scope}
    assert token["roles"] == ["member"]


def test_a_token_of_the_system_is_of_no_project() -> None:
    token = token_of(ANYBODY, Target.SYSTEM)
    assert (token["system_scope"], token["project_id"], token["domain_id"]) == ("all", None, None)
