"""Horizon's copies of other services' policies, and what is written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from stackwright.errors import InputError
from stackwright.site.policy.horizon import copies, dashboard_file, differences, disagreements, together
from stackwright.site.policy.model import Decision, Matrix, Rule, Rules, Severity, Situation, Target
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
import os
POLICY_FILES_PATH = os.path.join("x", "conf")
POLICY_FILES = {'compute': 'nova_policy.yaml'}
DEFAULT_POLICY_FILES = {'compute': 'default_policies/nova.yaml'}
"""
COPY = [
    {"name": "servers:show", "check_str": "role:reader", "scope_types": ["project"], "description": "x"},
    {"name": "servers:gone", "check_str": "role:reader", "scope_types": None, "description": "x"},
    {
        "name": "servers:create",
        "check_str": "role:member",
        "scope_types": None,
        "deprecated_rule": {"name": "servers:make", "check_str": "", "deprecated_since": "X"},
    },
]
OWN, SYSTEM = Situation(Target.OWN_PROJECT), Situation(Target.SYSTEM)


def rules(**checks: str) -> Rules:
    named = {name.replace("_", ":"): check for name, check in checks.items()}
    return Rules(rules={name: Rule(name=name, check=check) for name, check in named.items()})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.git")


@pytest.fixture
def memo(tmp_path: Path) -> Memo:
    return Memo(tmp_path / "cache")


def tree(root: Path, settings: str = SETTINGS) -> Path:
    conf = root / "horizon/openstack_dashboard/conf/default_policies"
    conf.mkdir(parents=True)
    (conf / "nova.yaml").write_text(yaml.safe_dump(COPY))
    (root / "horizon/openstack_dashboard/defaults.py").write_text(settings)
    return root / "horizon"


def test_horizons_tree_tells_its_copies_and_the_files_beside_them(tmp_path: Path, store: Store, memo: Memo) -> None:
    at = store.import_directory(tree(tmp_path))
    for _ in ("read", "remembered"):
        (copy,) = copies(store, at, memo).values()
        assert (copy.service, copy.file) == ("nova", "nova_policy.yaml")
        assert copy.rules.rules["servers:show"] == Rule(name="servers:show", check="role:reader", scopes=("project",))
        old = copy.rules.rules["servers:create"].replaces
        assert old is not None
        assert (old.name, old.check) == ("servers:make", "")


def test_a_tree_that_does_not_tell_is_refused(tmp_path: Path, store: Store, memo: Memo) -> None:
    at = store.import_directory(tree(tmp_path, settings="POLICY_FILES = {}\n"))
    with pytest.raises(InputError, match="there is no DEFAULT_POLICY_FILES"):
        copies(store, at, memo)


def test_what_is_old_in_a_copy_is_noted(tmp_path: Path, store: Store, memo: Memo) -> None:
    copy = copies(store, store.import_directory(tree(tmp_path)), memo)["nova"]
    told = {
        finding.rule: finding.what
        for finding in differences(copy, rules(servers_show="role:member", servers_create="role:member", new="role:x"))
    }
    assert told == {
        "nova/servers:show": "horizon's copy has 'role:reader'; nova has 'role:member'",
        "nova/new": "horizon's copy lacks it; nova has 'role:x'",
        "nova/servers:gone": "horizon's copy has it; nova has no such rule",
    }


def test_the_file_for_horizon_has_all_rules_as_they_are_in_force() -> None:
    text = dashboard_file(
        rules(servers_show="role:reader", servers_create="role:member"), {"servers:show": "role:ours"}
    )
    assert yaml.safe_load(text) == {"servers:show": "role:ours", "servers:create": "role:member"}


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("role:manager and not domain_id:None", "role:manager and not @"),
        ("domain_id:None or role:x", "@ or role:x"),
        ("domain_id:%(domain_id)s", "domain_id:%(domain_id)s"),
        ("user_domain_id:None", "user_domain_id:None"),
        ("None:%(target.domain_id)s", "None:%(target.domain_id)s"),
    ],
)
def test_that_a_token_is_of_no_domain_is_told_to_horizon(check: str, told: str) -> None:
    assert yaml.safe_load(dashboard_file(rules(x=check), {})) == {"x": told}


def matrix(*, own: bool, system: bool = False) -> Matrix:
    answers = {OWN: Decision(own, "show", "role:a"), SYSTEM: Decision(system, "show", "role:b")}
    return Matrix("nova", ("member",), (OWN, SYSTEM), {"show": "role:a"}, {"show": {"member": answers}})


def test_where_horizon_shows_otherwise_than_the_service_decides_is_a_warning(
    tmp_path: Path, store: Store, memo: Memo
) -> None:
    copy = copies(store, store.import_directory(tree(tmp_path)), memo)["nova"]
    assert list(disagreements(copy, matrix(own=True), matrix(own=True, system=True))) == []
    (finding,) = disagreements(copy, matrix(own=True), matrix(own=False))
    assert (finding.severity, finding.rule) == (Severity.WARNING, "nova/show")
    assert finding.what == "horizon shows what is refused (nova: denied by show: role:a): member"


def test_what_horizon_is_told_of_all_services_is_named_by_them_and_asks_with_tokens_of_projects() -> None:
    told = together([matrix(own=True, system=True)])
    answers = told.decisions["nova/show"]["member"]
    assert answers[OWN].allowed
    assert answers[SYSTEM] == Decision(False, "show", "horizon asks with the token of a project")
