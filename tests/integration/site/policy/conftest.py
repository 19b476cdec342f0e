"""An environment with a service that is made up, and its policies: as upstream's are, with oslo.policy as it is."""

from __future__ import annotations

import sysconfig
import venv
from typing import TYPE_CHECKING

import pytest

from stackwright.build.environment import Environment
from stackwright.store import Memo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLICIES = """
from oslo_policy import policy
OLD = policy.DeprecatedRule("widget:make", "role:maker", deprecated_reason="verbs", deprecated_since="2025.1")
def list_rules():
    print("policies may print")
    return [
        policy.RuleDefault("context_is_admin", "role:admin"),
        policy.RuleDefault("owner", "project_id:%(project_id)s"),
        policy.DocumentedRuleDefault(
            "widget:get", "rule:context_is_admin or (role:reader and rule:owner)", "Show a widget.",
            [{"method": "GET", "path": "/widgets/{id}"}], scope_types=["project"]),
        policy.DocumentedRuleDefault(
            "widget:create", "role:member and rule:owner", "Make a widget.",
            [{"method": ["POST", "PUT"], "path": "/widgets"}], scope_types=["project"], deprecated_rule=OLD),
        policy.RuleDefault("widget:paint", "colour:red", scope_types=["project", "system"]),
        policy.RuleDefault("widget:spin", "is_admin:True", deprecated_for_removal=True,
                           deprecated_reason="nobody\\nspins", deprecated_since="2024.1"),
    ]
"""
ENFORCER = """
from oslo_policy import policy
@policy.register("colour")
class ColourCheck(policy.Check):
    def __init__(self, kind, match):
        if match not in ("red", "blue"):
            raise ValueError(f"{match} is no colour")
        super().__init__(kind, match)
    def __call__(self, target, creds, enforcer):
        return target.get("colour") == self.match
def get_enforcer():
    raise AssertionError("nobody asks for it")
"""
POINTS = """
[oslo.policy.policies]
widget = widget.policies:list_rules
[oslo.policy.enforcer]
widget = widget.policy:get_enforcer
"""


@pytest.fixture
def make_environment(tmp_path: Path) -> Callable[..., Environment]:
    """Give what makes an environment with the service `widget`."""

    def make(policies: str = POLICIES, enforcer: str = ENFORCER, key: str = "widget") -> Environment:
        path = tmp_path / key
        venv.create(path, symlinks=True, with_pip=False)
        (packages,) = path.glob("lib/python3*/site-packages")
        # The packages of this environment, as if they were installed there.
        (packages / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n")
        (packages / "widget").mkdir()
        (packages / "widget/__init__.py").touch()
        (packages / "widget/policies.py").write_text(policies)
        (packages / "widget/policy.py").write_text(enforcer)
        (packages / "widget-1.dist-info").mkdir()
        (packages / "widget-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: widget\nVersion: 1\n")
        (packages / "widget-1.dist-info/entry_points.txt").write_text(POINTS)
        return Environment(path, key)

    return make


@pytest.fixture
def environment(make_environment: Callable[..., Environment]) -> Environment:
    return make_environment()


@pytest.fixture
def memo(tmp_path: Path) -> Memo:
    return Memo(tmp_path / "cache")
