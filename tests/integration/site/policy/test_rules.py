"""The rules of a service, as its own environment registers them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError, RunFailedError
from stackwright.site.policy.model import Deprecated, Rule
from stackwright.site.policy.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackwright.build.environment import Environment
    from stackwright.store import Memo


def test_every_rule_is_told_with_what_upstream_says_of_it(environment: Environment, memo: Memo) -> None:
    found = rules_of("widget", environment, memo)
    assert list(found.rules) == [
        "context_is_admin",
        "owner",
        "widget:get",
        "widget:create",
        "widget:paint",
        "widget:spin",
    ]
    assert found.rules["widget:create"] == Rule(
        name="widget:create",
        check="role:member and rule:owner",
        scopes=("project",),
        operations=("POST, PUT /widgets",),
        description="Make a widget.",
        replaces=Deprecated(name="widget:make", check="role:maker", reason="verbs", since="2025.1"),
    )
    assert found.rules["widget:spin"].removal == "nobody spins (since 2024.1)"


def test_checks_of_the_services_own_are_told_with_the_module_that_has_them(
    environment: Environment, memo: Memo
) -> None:
    found = rules_of("widget", environment, memo)
    assert (found.checks, found.module) == (("colour",), "widget.policy")


def test_an_environment_is_asked_once(environment: Environment, memo: Memo) -> None:
    first = rules_of("widget", environment, memo)
    shutil.rmtree(environment.path)
    assert rules_of("widget", environment, memo) == first


def test_a_component_without_policies_is_refused(environment: Environment, memo: Memo) -> None:
    with pytest.raises(InputError, match="gadget has no policies"):
        rules_of("gadget", environment, memo)


def test_policies_that_cannot_be_imported_are_told_with_the_reason(
    make_environment: Callable[..., Environment], memo: Memo
) -> None:
    broken = make_environment(policies="import no_such_module\n")
    with pytest.raises(RunFailedError, match="the policies of widget cannot be loaded") as error:
        rules_of("widget", broken, memo)
    assert "no_such_module" in error.value.why
    assert "Traceback" not in str(error.value)
