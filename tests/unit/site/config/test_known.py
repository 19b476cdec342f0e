"""Options that no list has: the table of rules, and what it makes of a configuration."""

from __future__ import annotations

import pytest

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.site.config.definitions import Driven
from stackwright.site.config.model import Rule
from stackwright.site.config.rules import own_rules
from tests.configured import DICT, INTEGER, LIST, definitions, file, findings, option

RULES = own_rules()


def test_stores_of_glance_have_the_options_of_their_types() -> None:
    there = definitions(
        option("DEFAULT", "enabled_backends", DICT),
        option("file", "filesystem_store_datadir"),
        option("file", "filesystem_store_timeout", INTEGER),
        option("glance.store.rbd.store", "rbd_store_pool"),
    )
    rules = RULES.of("glance")
    right = {
        "DEFAULT": {"enabled_backends": "Images:file,fast:rbd"},
        "images": {"filesystem_store_datadir": "/x"},
        "fast": {"rbd_store_pool": "p"},
        "os_glance_staging_store": {"filesystem_store_datadir": "/y"},
    }
    assert findings(there, file(right), rules=rules) == []
    wrong = {
        "DEFAULT": {"enabled_backends": "fast:rbd"},
        "fast": {"filesystem_store_datadir": "/x"},  # of another type
        "file": {"filesystem_store_datadir": "/x"},  # a type, and no store
        "os_glance_tasks_store": {"filesystem_store_timeout": "1"},  # glance makes these with some options only
    }
    found = findings(there, file(wrong), rules=rules)
    assert [(each.section, each.rule) for each in found] == [
        ("fast", Rule.SECTION), ("file", Rule.SECTION), ("os_glance_tasks_store", Rule.UNKNOWN),
    ]  # fmt: skip


def test_back_ends_of_cinder_have_the_options_of_all_drivers() -> None:
    there = definitions(option("DEFAULT", "enabled_backends", LIST), option("backend_defaults", "volume_driver"))
    rules = RULES.of("cinder")
    sections = {
        "DEFAULT": {"enabled_backends": "lvm, ceph"},
        "lvm": {"volume_driver": "x"},
        "ceph": {"volume_driver": "y"},
    }
    assert findings(there, file(sections), rules=rules) == []
    sections["DEFAULT"] = {"enabled_backends": "lvm"}
    assert [each.section for each in findings(there, file(sections), rules=rules)] == ["ceph"]


def test_types_of_mediated_devices_have_sections() -> None:
    there = definitions(option("devices", "enabled_mdev_types", LIST, former=[("", "enabled_vgpu_types")]))
    rules = RULES.of("nova")
    sections = {
        "devices": {"enabled_mdev_types": "nvidia-35"},
        "mdev_nvidia-35": {"device_addresses": "0000:84:00.0", "mdev_class": "CUSTOM_A", "max_instances": "2"},
    }
    assert findings(there, file(sections), rules=rules) == []
    old = {"devices": {"enabled_vgpu_types": "nvidia-35"}, "vgpu_nvidia-35": {"device_addresses": "0000:84:00.0"}}
    assert [each.rule for each in findings(there, file(old), rules=rules)] == [Rule.DEPRECATED, Rule.DEPRECATED]
    sections["mdev_nvidia-35"] = {"mdev_class": "other"}
    assert [each.rule for each in findings(there, file(sections), rules=rules)] == [Rule.REFUSED]


def test_methods_of_keystone_have_options_and_protocols_sections() -> None:
    there = definitions(option("auth", "methods", LIST, default=["password"]))
    rules = RULES.of("keystone")
    sections = {
        "auth": {"methods": "password,openid,oauth", "openid": "mapped"},
        "openid": {"remote_id_attribute": "ISS"},
    }
    assert findings(there, file(sections), rules=rules) == []
    assert [each.option for each in findings(there, file({"auth": {"openid": "mapped"}}), rules=rules)] == ["openid"]


def test_a_source_of_options_has_the_section_that_names_it() -> None:
    there = definitions(
        option("DEFAULT", "config_source", LIST),
        option("sample_remote_file_source", "uri"),
        drivers=(Driven(group="sample_remote_file_source", owner="config_source", driver="driver"),),
    )
    assert findings(there, file({"DEFAULT": {"config_source": "remote"}, "remote": {"uri": "http://x"}})) == []
    found = findings(there, file({"sample_remote_file_source": {"uri": "http://x"}}))
    assert [each.rule for each in found] == [Rule.UNKNOWN]


def test_a_rule_says_whence_options_come_and_where_upstreams_code_says_so() -> None:
    for rule in RULES.sections:
        assert rule.component in rule.why
        assert "(" in rule.why


@pytest.mark.parametrize(
    ("name", "other"),
    [("api-paste.ini", True), ("glance-api-paste.ini", True), ("nova.conf", False), ("rootwrap.conf", True)],
)
def test_files_that_something_else_reads_are_known(name: str, other: bool) -> None:
    assert bool(RULES.read_by_another(name)) is other


def test_no_file_of_the_catalogue_is_taken_for_one_that_something_else_reads() -> None:
    services = own_catalogue().services.values()
    files = [
        name
        for service in services
        if service.environment
        for name, each in service.files.items()
        if each.ini and not each.reader
    ]
    assert files
    assert [name for name in files if RULES.read_by_another(name)] == []
