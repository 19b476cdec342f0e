from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.distribution import init, load
from stackwright.site.policy.overrides import checks_of, options_of, overrides_of
from stackwright.site.values.values import site_values

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.distribution import Distribution
    from stackwright.site.values.values import SiteValues

REGION = """\
nova:
  conf:
    nova.conf:
      oslo_policy: {enforce_new_defaults: "false"}
      DEFAULT: {enforce_scope: "false"}
    policy:
      os_compute_api:servers:create: role:a
      os_compute_api:servers:delete: role:b
keystone:
  conf:
    keystone.conf:
      identity: {password_hash_rounds: "6"}
"""
SITE = """
values:
  nova:
    conf:
      policy:
        os_compute_api:servers:create: role:c
"""


@pytest.fixture
def distribution(tmp_path: Path) -> Distribution:
    root = tmp_path / "ours"
    init(root, "ours")
    (root / "values").mkdir(exist_ok=True)
    (root / "values/openstack.yaml").write_text(REGION)
    site = root / "sites/local.yaml"
    kept = site.read_text().partition("values:")[0]
    site.write_text(kept + SITE)
    return load(root)


def values(distribution: Distribution) -> SiteValues:
    site, catalogue = distribution.site(), own_catalogue()
    return site_values(distribution, site, catalogue, catalogue.select(site.services))


def test_the_nearest_layer_says_what_a_rule_is_and_is_told_as_its_place(distribution: Distribution) -> None:
    overrides = overrides_of(values(distribution))
    assert checks_of(overrides["nova"]) == {
        "os_compute_api:servers:create": "role:c",
        "os_compute_api:servers:delete": "role:b",
    }
    create = overrides["nova"]["os_compute_api:servers:create"].where
    delete = overrides["nova"]["os_compute_api:servers:delete"].where
    assert create.file == distribution.root / "sites/local.yaml"
    assert (delete.file, delete.line) == (distribution.root / "values/openstack.yaml", 8)


def test_services_whose_policy_nobody_changes_are_left_out(distribution: Distribution) -> None:
    assert list(overrides_of(values(distribution))) == ["nova"]


def test_what_changes_the_answers_is_read_from_the_services_configuration(distribution: Distribution) -> None:
    assert options_of(values(distribution), "nova") == {"enforce_new_defaults": False}
    assert options_of(values(distribution), "keystone") == {}
