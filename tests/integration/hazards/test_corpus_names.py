"""The corpus: names that carried patches take, change and use in OpenStack's own releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hazard_corpus import appended, both, case, found_in, swapped

if TYPE_CHECKING:
    from tests.hazard_corpus import Case, Corpus

POLICY = """

from oslo_policy import policy

ours = [
    policy.DocumentedRuleDefault(
        name={name!r}, check_str='role:painter', scope_types=['project'], description='Ours.',
        operations=[{{'method': 'GET', 'path': '/'}}]),
]
"""
OPTION = """

from oslo_config import cfg

ours_opts = [cfg.StrOpt({name!r}, default='ours', help='Ours.')]


def register_ours(conf):
    conf.register_opts(ours_opts, group={group!r})
"""


def policy(component: str, releases: str, name: str, file: str, theirs: str) -> Case:
    """Define a policy that upstream defines later, otherwise."""
    return case(component, releases, {file: appended(POLICY.format(name=name))},
                ("other-definition", name, releases.split()[1], file, theirs))  # fmt: skip


def option(component: str, releases: str, name: str, file: str, theirs: str) -> Case:
    """Define an option that upstream defines later, otherwise."""
    group, _, short = name.partition("/")
    return case(component, releases, {file: appended(OPTION.format(name=short, group=group))},
                ("other-definition", name, releases.split()[1], file, theirs))  # fmt: skip


def changed(component: str, releases: str, file: str, old: str, new: str, rule: str, name: str, theirs: str) -> Case:
    """Change what upstream has, and has removed, renamed or changed later."""
    return case(component, releases, {file: swapped(old, new)}, (rule, name, releases.split()[1], file, theirs))


POLICIES = [
    policy("nova", "2024.2 2025.1", "os_compute_api:os-server-shares:create", "nova/policies/ours.py",
           "nova/policies/server_shares.py"),
    policy("cinder", "2023.2 2024.1", "volume_extension:volume_admin_actions:extend_volume_completion",
           "cinder/policies/ours.py", "cinder/policies/volume_actions.py"),
    policy("manila", "2024.2 2025.1", "share_access_rule:update", "manila/policies/ours.py",
           "manila/policies/share_access.py"),
    policy("ironic", "2024.1 2025.1", "baremetal:runbook:get", "ironic/common/policy.py", "ironic/common/policy.py"),
    policy("keystone", "2025.1 2026.1", "identity:ec2tokens_validate", "keystone/common/policies/ours.py",
           "keystone/common/policies/ec2tokens.py"),
    policy("neutron", "2024.2 2025.2", "create_floatingip:tags", "neutron/conf/policies/ours.py",
           "neutron/conf/policies/floatingip.py"),
    policy("glance", "2024.1 2024.2", "add_image_location", "glance/policies/ours.py", "glance/policies/image.py"),
    # Ours and upstream both change the default of one that was there.
    changed("glance", "2024.1 2025.1", "glance/policies/discovery.py", "check_str='rule:context_is_admin'",
            "check_str='role:painter'", "other-definition", "stores_info_detail", "glance/policies/discovery.py"),
    changed("neutron", "2024.2 2025.2", "neutron/conf/policies/subnet.py",
            "name='get_subnets_tags',\n        check_str=neutron_policy.policy_or(\n            base.PROJECT_READER,",
            "name='get_subnets_tags',\n        check_str=neutron_policy.policy_or(\n            'role:painter',",
            "renamed", "get_subnets_tags", "neutron/conf/policies/subnet.py"),
]  # fmt: skip
OPTIONS = [
    option("nova", "2024.2 2025.1", "libvirt/ceph_mount_options", "nova/conf/ours.py", "nova/conf/libvirt.py"),
    changed("cinder", "2023.2 2024.1", "cinder/volume/drivers/infinidat.py",
            "'infinidat_use_compression',\n                default=False",
            "'infinidat_use_compression',\n                default=True", "other-definition",
            "backend_defaults/infinidat_use_compression", "cinder/volume/drivers/infinidat.py"),
    option("manila", "2024.2 2025.1", "DEFAULT/default_mount_point_prefix", "manila/ours.py", "manila/share/api.py"),
    option("ironic", "2024.1 2025.1", "conductor/automatic_lessee_source", "ironic/conf/ours.py",
           "ironic/conf/conductor.py"),
    option("placement", "2023.1 2026.2", "placement/max_allocation_candidates", "placement/conf/ours.py",
           "placement/conf/placement.py"),
    option("keystone", "2024.1 2026.1", "DEFAULT/max_db_limit", "keystone/conf/ours.py", "keystone/conf/default.py"),
    option("neutron", "2024.2 2025.2", "DEFAULT/ha_conntrackd_enabled", "neutron/conf/ours.py",
           "neutron/conf/agent/l3/ha.py"),
    option("glance", "2024.1 2024.2", "DEFAULT/http_retries", "glance/ours.py", "glance/common/config.py"),
    changed("nova", "2025.1 2025.2", "nova/conf/remote_debug.py", "cfg.HostAddressOpt('host',",
            "cfg.HostAddressOpt('host', default='::1',", "removed", "remote_debug/host", ""),
    changed("cinder", "2023.2 2024.1", "cinder/quota.py", "'quota_consistencygroups',\n               default=10",
            "'quota_consistencygroups',\n               default=11", "removed", "DEFAULT/quota_consistencygroups", ""),
    changed("manila", "2024.2 2025.1", "manila/share/drivers/netapp/options.py", "default=1024,  # One MB",
            "default=2048,", "removed", "DEFAULT/netapp_snapmirror_last_transfer_size_limit", ""),
    changed("ironic", "2024.1 2025.1", "ironic/conf/ibmc.py", "default=5", "default=6", "removed",
            "ibmc/connection_attempts", ""),
    changed("neutron", "2024.2 2025.2", "neutron/conf/agent/common.py", "default='$state_path/pd'", "default='/pd'",
            "removed", "DEFAULT/pd_confs", ""),
    changed("glance", "2024.1 2024.2", "glance/common/config.py", "'allow_additional_image_properties', default=True",
            "'allow_additional_image_properties', default=False", "removed",
            "DEFAULT/allow_additional_image_properties", ""),
    changed("nova", "2025.1 2025.2", "nova/conf/api.py", '"neutron_default_tenant_id",\n        default="default"',
            '"neutron_default_tenant_id",\n        default="ours"', "renamed", "api/neutron_default_tenant_id",
            "nova/conf/api.py"),
    changed("nova", "2024.2 2025.1", "nova/conf/compute.py", "'heal_instance_info_cache_interval',\n        default=60",
            "'heal_instance_info_cache_interval',\n        default=600", "other-definition",
            "DEFAULT/heal_instance_info_cache_interval", "nova/conf/compute.py"),
]  # fmt: skip
HW = "nova/api/validation/extra_specs/hw.py"
SPEC = """

ours = [
    base.ExtraSpecValidator(name='hw:cpu_max_sockets', description='Ours.', value={'type': str, 'enum': ['red']}),
]
"""
DEFINITION = """
ALIAS = '{alias}'
NAME = 'Ours'
RESOURCE_ATTRIBUTE_MAP = {{'networks': {{'colour': {{'allow_post': True, 'allow_put': True}}}}}}
"""
LIBRARY = "neutron_lib/api/definitions"
EXTENSIONS = [
    case("nova", "2025.1 2025.2", {HW: appended(SPEC)}, ("other-definition", "hw:cpu_max_sockets", "2025.2", HW, HW)),
    changed("nova", "2025.1 2025.2", HW, "name='hw:max_cpu_sockets',\n        description=(",
            "name='hw:max_cpu_sockets',\n        deprecated=True,\n        description=(", "removed",
            "hw:max_cpu_sockets", ""),
    changed("manila", "2024.2 2025.2", "manila/common/constants.py",
            '    AVAILABILITY_ZONES = "availability_zones"\n',
            '    AVAILABILITY_ZONES = "availability_zones"\n    OURS = "encryption_support"\n', "other-definition",
            "encryption_support", "manila/common/constants.py"),
    case("neutron-lib", "2024.2 2025.1", {f"{LIBRARY}/ours.py": appended(DEFINITION.format(alias="qinq"))},
         ("other-definition", "qinq", "2025.1", f"{LIBRARY}/ours.py", f"{LIBRARY}/qinq.py")),
    case("neutron", "2024.2 2025.2",
         {"neutron/extensions/ours.py": appended(DEFINITION.format(alias="quota-check-limit-default"))},
         ("other-definition", "quota-check-limit-default", "2025.2", "neutron/extensions/ours.py",
          "neutron/extensions/quota_check_limit_default.py")),
]  # fmt: skip
SHARES = "nova/tests/functional/api_sample_tests/api_samples/servers"
SAMPLES = [
    case("nova", "2024.2 2025.1", {"doc/api_samples/servers/v2.110/paint-req.json": appended("{}\n")},
         ("sample-alone", "servers/v2.110/paint-req", "", "doc/api_samples/servers/v2.110/paint-req.json", "")),
    case("nova", "2024.2 2025.1", {f"{SHARES}/v2.110/paint-req.json.tpl": appended("{}\n")},
         ("sample-alone", "servers/v2.110/paint-req", "", f"{SHARES}/v2.110/paint-req.json.tpl", "")),
    case("nova", "2024.2 2025.1", {"doc/api_samples/servers/v2.110/paint-req.json": appended("{}\n"),
                                   f"{SHARES}/v2.110/paint-req.json.tpl": appended("{}\n")}),
    case("cinder", "2023.2 2024.1", {"api-ref/source/v3/samples/paint-request.json": appended("{}\n")},
         ("sample-alone", "paint-request", "", "api-ref/source/v3/samples/paint-request.json", "")),
]  # fmt: skip


def note(component: str, releases: str, slug: str, theirs: str = "") -> Case:
    """Take a slug that upstream takes later, or has: or only its number."""
    ours, other = (f"releasenotes/notes/{name}.yaml" for name in (slug, theirs or slug))
    return case(component, releases, {ours: appended("---\nfeatures:\n  - Ours.\n")},
                ("note-twice", slug, releases.split()[1], ours, other))  # fmt: skip


NOTES = [
    note("nova", "2024.2 2025.1", "bp-igb-vif-model-d1366bcbea7afdd2"),
    note("nova", "2024.2 2025.1", "paint-d1366bcbea7afdd2", "bp-igb-vif-model-d1366bcbea7afdd2"),
    note("cinder", "2023.2 2024.1", "bp-dell-powerflex-aa-828facb25b1fde63"),
    note("manila", "2024.2 2025.1", "bug-1964089-fix-share-creation-via-rest-9bb4180fc87af6c2"),
    note("ironic", "2024.1 2025.1", "2024.2-prelude-66649e7ee0781484"),
    note("placement", "2023.1 2026.2", "add-placment-wsgi-module-ae42938ebe0258cb"),
    note("keystone", "2024.1 2026.1", "add-keystone-wsgi-module-afae3f86df07eca9"),
    note("neutron", "2024.2 2025.2", "Add-limit-of-the-tags-for-resources-23f825398d301d20"),
    note("neutron-lib", "2024.2 2025.1", "QinQ-API-extension-a7b95d0a7a35411c"),
    note("glance", "2024.1 2024.2", "add-new-add-location-api-acd459299976b4a5"),
    note("openstacksdk", "2024.2 2025.1", "add-dns-service-status-bf1e1cfd811e59a0"),
]
# What the patch itself hides, and what the later release does.
TAGS = "nova/policies/server_tags.py"
UNSEEN = [
    case("nova", "2024.2 2025.1", {TAGS: appended("\nprint 'of another Python'\n")},
         ("unseen", "policy", "", TAGS, TAGS)),
    case("manila", "2024.2 2025.1",
         {"manila/ours.py": appended("from oslo_config import cfg\n\nours = [cfg.StrOpt('ours_colour')]\n")},
         ("unseen", "option", "", "manila/ours.py", "manila/ours.py")),
    case("nova", "2024.2 2025.1",
         {"nova/policies/ours.py": appended("from oslo_policy import policy\n\nours = [policy.RuleDefault(f())]\n")},
         ("unseen", "policy", "", "nova/policies/ours.py", "nova/policies/ours.py")),
    # The group that ironic 2026.1 has it in is not to be seen there.
    changed("ironic", "2025.2 2026.1", "ironic/conf/json_rpc.py", "default='::'", "default='::1'", "unseen", "option",
            "ironic/conf/json_rpc.py"),
]  # fmt: skip


@pytest.mark.parametrize(
    "one", [*POLICIES, *OPTIONS, *EXTENSIONS, *SAMPLES, *NOTES, *UNSEEN], ids=lambda one: one.id
)  # fmt: skip
def test_a_name_that_a_patch_takes_or_changes(corpus: Corpus, one: Case) -> None:
    assert found_in(corpus, one) == one.found


def test_what_upstream_leaves_as_it_was_may_be_changed(corpus: Corpus) -> None:
    edits = {
        "nova/conf/vnc.py": swapped("default=6080", "default=6081"),
        "nova/policies/server_tags.py": both(swapped("base.PROJECT_MEMBER_OR_ADMIN", "base.ADMIN")),
    }
    assert found_in(corpus, case("nova", "2024.2 2025.1", edits)) == frozenset()
