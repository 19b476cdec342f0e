"""Options and policies between upstream's own releases: what is said is true, and nothing stops an upgrade."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.distribution import load
from stackwright.hazards.claims import claims_of
from stackwright.hazards.forecast.checks import ways
from stackwright.hazards.forecast.model import Finding, Setting, Weight
from stackwright.hazards.forecast.options import key_of, options
from stackwright.hazards.forecast.policies import policies
from stackwright.hazards.forecast.typed import refusal
from stackwright.hazards.model import Claim, Kind
from stackwright.hazards.rulebook import rules_of
from stackwright.site.settings import settings
from stackwright.site.values.values import site_values
from tests.documented import PROJECT
from tests.releases import NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.hazards.model import Claims
    from tests.releases import Releases

COMPONENTS = ("nova", "neutron", "keystone", "glance", "cinder", "placement")
# Groups that only libraries register, and what keystoneauth registers in groups of others.
OF_LIBRARIES = {
    "api_database", "cache", "database", "glance_store", "images", "keystone_authtoken", "nova_sys_admin",
    "os_glance_staging_store", "os_glance_tasks_store", "os_vif_ovs", "oslo_concurrency", "oslo_policy", "privsep",
    "privsep_conntrack", "privsep_dhcp_release", "privsep_link", "privsep_namespace", "privsep_osbrick",
    "privsep_ovs_vsctl",
    "vif_plug_ovs_privileged",
}  # fmt: skip
OF_KEYSTONE = {
    "auth_type", "auth_url", "password", "project_domain_id", "project_name", "region_name", "user_domain_id",
    "username",
}  # fmt: skip
OF_LIBRARIES_IN_DEFAULT = ("api_paste_config", "debug", "graceful_shutdown_timeout", "transport_url")
MINICLOUD = PROJECT / "examples/minicloud"


def read(releases: Releases, component: str, release: str) -> Claims:
    return claims_of(releases.store, releases.of(component, release), rules_of(component), releases.memo)


def told(
    releases: Releases, component: str, start: str, end: str, **values: str
) -> tuple[dict[str, Finding], dict[str, Finding]]:
    """Give what is said of options and of policies by name.

    :param values: what is set: ``DEFAULT__workers="1"``
    """
    names = {name: name.split("__") for name in values}
    some = [
        Setting(component, f"{component}.conf", names[name][0], names[name][1], value, "sites/local.yaml:9")
        for name, value in values.items()
    ]
    here, there = read(releases, component, start), read(releases, component, end)
    of_options, of_policies = options(component, here, there, some, end), policies(component, here, there, end)
    return {one.name: one for one in of_options}, {one.name: one for one in of_policies}


@pytest.mark.parametrize("component", COMPONENTS)
def test_nothing_that_upstream_releases_stops_an_upgrade_or_needs_a_step_of_options(
    releases: Releases, component: str
) -> None:
    for start, end in pairwise(NAMES):
        of_options, of_policies = told(releases, component, start, end)
        assert {one.weight for one in of_options.values()} <= {Weight.NOTE}, (start, end)
        assert Weight.STOP not in {one.weight for one in of_policies.values()}, (start, end)
        assert len(of_options) + len(of_policies) <= 12, (start, end)  # a page that somebody reads


@pytest.fixture(scope="module")
def minicloud() -> Mapping[str, tuple[Setting, ...]]:
    distribution = load(MINICLOUD)
    selection = own_catalogue().select(distribution.site().services)
    values = site_values(distribution, distribution.site(), own_catalogue(), selection)
    return settings(values, selection, distribution.root)


def test_the_example_site_goes_through_every_hop_with_one_new_name(
    releases: Releases, minicloud: Mapping[str, tuple[Setting, ...]]
) -> None:
    found = [
        (component, end, one.name, one.weight)
        for component, some in minicloud.items()
        for start, end in pairwise(NAMES)
        for one in options(component, read(releases, component, start), read(releases, component, end), some, end)
        if "nothing sets it" not in one.what
    ]
    assert found == [
        ("neutron", "2026.1", "ml2/tenant_network_types", Weight.STEP),
        ("neutron", "2026.2", "ml2/tenant_network_types", Weight.NOTE),
    ]


def test_the_options_of_the_catalogue_that_no_tree_has_are_those_of_libraries(
    releases: Releases, minicloud: Mapping[str, tuple[Setting, ...]]
) -> None:
    for component, some in minicloud.items():
        known = set()
        for claim in read(releases, component, "2026.2").of(Kind.OPTION).values():
            for name in (claim.name, *re.findall(r"was (\S+/[^\s;]+)", claim.says("deprecated"))):
                known.add(key_of(*name.split("/")))
        unknown = {(each.section, each.option) for each in some if key_of(each.section, each.option) not in known}
        rest = {f"{group}/{name}" for group, name in unknown if group not in OF_LIBRARIES and name not in OF_KEYSTONE}
        assert rest <= {f"DEFAULT/{name}" for name in OF_LIBRARIES_IN_DEFAULT}


def test_what_is_gone_is_told_as_it_is(releases: Releases) -> None:
    some, _ = told(releases, "neutron", "2026.1", "2026.2", DEFAULT__api_workers="2", DEFAULT__transport_url="rabbit:")
    assert some["DEFAULT/api_workers"].weight is Weight.STEP
    assert "neutron's own code does not have it any more in 2026.2" in some["DEFAULT/api_workers"].what
    assert "DEFAULT/transport_url" not in some
    some, _ = told(releases, "neutron", "2023.1", "2023.2", DEFAULT__nova_metadata_host="here")
    assert "DEFAULT/nova_metadata_host" not in some  # it moved, and agents still read it there


def test_an_old_name_that_upstream_has_dropped_is_told(releases: Releases) -> None:
    some, _ = told(releases, "nova", "2025.1", "2025.2", DEFAULT__dhcp_domain="x", api__neutron_default_tenant_id="y")
    assert some["DEFAULT/dhcp_domain"].what.startswith("nova 2025.2 reads api/dhcp_domain and not by this old name")
    assert some["api/neutron_default_tenant_id"].what.startswith("it is called api/neutron_default_project_id")


def test_a_value_that_a_release_does_not_take_any_more_is_told(releases: Releases) -> None:
    some, _ = told(releases, "neutron", "2026.1", "2026.2", AGENT__polling_interval="0", DEFAULT__setproctitle="loud")
    assert (some["AGENT/polling_interval"].weight, some["DEFAULT/setproctitle"].weight) == (Weight.STOP, Weight.STOP)
    assert "the least is 1" in some["AGENT/polling_interval"].what
    assert "it may be off, on, brief" in some["DEFAULT/setproctitle"].what
    some, _ = told(releases, "cinder", "2024.1", "2024.2", backend_defaults__target_helper="ietadm")
    assert some["backend_defaults/target_helper"].weight is Weight.STOP


def test_defaults_that_change_are_told(releases: Releases) -> None:
    some, _ = told(releases, "nova", "2025.2", "2026.1")
    assert list(some) == ["DEFAULT/sync_power_state_pool_size"]
    assert told(releases, "nova", "2025.2", "2026.1", DEFAULT__sync_power_state_pool_size="9")[0] == {}


def test_policies_that_change_are_told_by_what_they_come_to(releases: Releases) -> None:
    _, some = told(releases, "keystone", "2023.2", "2024.1")
    assert "newly lets in who has is_admin:1, or role:admin" in some["identity:get_consumer and 148 more"].what
    _, some = told(releases, "neutron", "2026.1", "2026.2")  # its rules moved to neutron-lib: most stayed the same
    assert "no longer lets in everyone who has role:manager" in some["create_port:device_owner and 16 more"].what
    assert some["delete_floatingips:tags"].what.startswith("neutron 2026.2 has no rule of this name")
    _, some = told(releases, "neutron", "2024.2", "2025.1")
    assert some["create_floatingips_tags and 35 more"].weight is Weight.NOTE
    assert told(releases, "glance", "2023.1", "2023.2")[1] == {}  # role:admin became rule:context_is_admin


def test_nearly_all_check_strings_can_be_read(releases: Releases) -> None:
    for component in COMPONENTS:
        for name in NAMES:
            claims = read(releases, component, name).of(Kind.POLICY)
            rules = {each.name: each.says("default") for each in claims.values()}
            unread = {each for each, default in rules.items() if ways(default, rules) is None}
            assert unread <= {"compute_device", "baremetal_device", "manila_device"}, (component, name)


# Asks oslo.config itself what it makes of values: rows of a type, its arguments and a value.
ASK = """
import json, sys
from oslo_config import types
kinds = {"Bool": types.Boolean, "Int": types.Integer, "Float": types.Float, "Port": types.Port, "Str": types.String,
         "Dict": types.Dict, "IP": types.IPAddress}
def refused(kind, arguments, value):
    try:
        kinds[kind](**arguments)(value)
    except ValueError:
        return True
    return False
print(json.dumps([refused(*row) for row in json.load(sys.stdin)]))
"""
VALUES = ("", "0", "1", "-1", "1.5", "65536", "true", "YES", "off", "maybe", "a", "A", "a:b", "a:b,c", "a,b:c", "::1",
          "10.0.0.1", "010.0.0.1", "1e3", " 7 ", "longer")  # fmt: skip
TYPES: tuple[tuple[str, dict[str, object]], ...] = (
    ("Bool", {}),
    ("Int", {}),
    ("Int", {"min": 1, "max": 10}),
    ("Int", {"choices": [0, 7]}),
    ("Float", {"min": 0}),
    ("Port", {}),
    ("Port", {"min": 1}),
    ("Str", {"choices": ["a", ""]}),
    ("Str", {"choices": ["a"], "ignore_case": True}),
    ("Str", {"max_length": 4}),
    ("Dict", {}),
    ("IP", {}),
)


def test_what_is_refused_is_what_oslo_config_refuses(placement_python: Path) -> None:
    rows = [(kind, arguments, value) for kind, arguments in TYPES for value in VALUES]
    done = subprocess.run(
        [str(placement_python), "-c", ASK], input=json.dumps(rows), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for (kind, arguments, value), refused in zip(rows, json.loads(done.stdout), strict=True):
        said = {"type": kind, **{word: str(each) for word, each in arguments.items()}}
        claim = Claim(Kind.OPTION, "a/b", tuple(sorted(said.items())), "conf.py", 1)
        assert bool(refusal(claim, value)) is refused, (kind, arguments, value)
