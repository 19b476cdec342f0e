from __future__ import annotations

import yaml
from oslo_policy import policy

from stackwright.site.policy.files import policy_file_text

HARD = {
    "widget:get": "role:admin or (role:reader and project_id:%(project_id)s)",
    "no": "@",
    "closed": "!",
    "open": "",
    "glance:get": "'public':%(visibility)s or " + " or ".join(f"role:r{number}" for number in range(60)),
    "field:x": "field:networks:router:external=True",
}


def test_a_policy_file_says_to_oslo_policy_what_was_given() -> None:
    assert policy.parse_file_contents(policy_file_text(HARD)) == HARD


def test_a_policy_file_is_sorted_with_a_rule_a_line() -> None:
    lines = policy_file_text(HARD).splitlines()
    assert len(lines) == len(HARD)
    assert list(yaml.safe_load("\n".join(lines))) == sorted(HARD)


def test_a_policy_file_without_rules_is_an_empty_map() -> None:
    assert policy.parse_file_contents(policy_file_text({})) == {}
