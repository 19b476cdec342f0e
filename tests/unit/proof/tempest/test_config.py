from __future__ import annotations

import configparser
from dataclasses import replace
from pathlib import Path
from typing import Any

import openstack
import pytest
from openstack.compute.v2.flavor import Flavor
from openstack.image.v2.image import Image

from stackwright.errors import InputError
from stackwright.proof.tempest.config import configure, written
from stackwright.proof.tempest.features import Features, official_types
from stackwright.proof.tempest.stage import Stage, choose_flavors, choose_image
from stackwright.proof.tempest.trial import Trial
from stackwright.proof.tempest.under_test import Account, CloudUnderTest

CLOUD = CloudUnderTest(
    "ours", openstack.connection.Connection.__new__(openstack.connection.Connection), "http://k/v3", "R", "public", True
)
ACCOUNT = Account("swt-0a1b2c", "pa$$word", "d1")
FULL = Features(
    types={"compute": "compute", "network": "network", "image": "image", "block-storage": "volumev3"},
    microversions={"compute": ("2.1", "2.104"), "placement": ("1.0", "1.39"), "block-storage": ("3.0", "3.71")},
    identity=frozenset({"trust"}),
    extensions=("auto-allocated-topology", "port-security", "router"),
    formats=(("raw", "qcow2"), ("ami", "bare")),
    imports=("glance-direct",),
    hosts=1,
    hypervisor="QEMU",
)
STAGE = Stage(ACCOUNT, ("i1", "i2"), ("f1", "f2"), ("n1", "public"))


def sections(features: Features = FULL, stage: Stage = STAGE, trial: Trial | None = None, **cloud: Any) -> Any:
    """What tempest reads: its own way, through the text."""
    text = written(configure(replace(CLOUD, **cloud), features, stage, trial, Path("/run"), None))
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return parser


def test_the_account_is_the_runs_own_and_everything_has_its_prefix() -> None:
    found = sections()
    assert found["auth"]["admin_username"] == found["auth"]["admin_domain_name"] == "swt-0a1b2c"
    assert found.defaults()["resource_name_prefix"] == "swt-0a1b2c"
    assert found["identity"]["default_domain_id"] == "d1"
    assert found["auth"]["admin_password"] == "pa$$$$word"  # oslo.config reads $$ as $


def test_services_and_microversions_are_the_clouds() -> None:
    found = sections()
    available = {
        name: found["service_available"][name] for name in ("nova", "neutron", "glance", "cinder", "swift", "horizon")
    }
    assert available == {
        "nova": "true",
        "neutron": "true",
        "glance": "true",
        "cinder": "true",
        "swift": "false",
        "horizon": "false",
    }
    assert (found["compute"]["min_microversion"], found["compute"]["max_microversion"]) == ("2.1", "2.104")
    assert found["placement"]["max_microversion"] == "1.39"
    assert (found["volume"]["catalog_type"], found["volume"]["max_microversion"]) == ("volumev3", "3.71")


@pytest.mark.parametrize(("hosts", "migration"), [(1, "false"), (2, "true")])
def test_servers_migrate_where_there_are_two_hosts(hosts: int, migration: str) -> None:
    features = sections(replace(FULL, hosts=hosts))["compute-feature-enabled"]
    assert features["live_migration"] == features["cold_migration"] == migration


def test_what_the_trial_has_shown_is_on() -> None:
    features = sections(trial=Trial(5.0, frozenset({"resize", "vnc_console"})))["compute-feature-enabled"]
    assert {name: features[name] for name in ("resize", "vnc_console", "spice_console", "serial_console")} == {
        "resize": "true",
        "vnc_console": "true",
        "spice_console": "false",
        "serial_console": "false",
    }


def test_networks_are_made_by_themselves_only_where_it_works() -> None:
    assert sections()["network-feature-enabled"]["api_extensions"] == "port-security,router"
    working = sections(replace(FULL, allocates=True))["network-feature-enabled"]["api_extensions"]
    assert working.startswith("auto-allocated-topology,")


def test_a_cloud_without_a_way_outside_has_no_floating_ips() -> None:
    found = sections(stage=replace(STAGE, external=None))
    assert found["network-feature-enabled"]["floating_ips"] == "false"
    assert "public_network_id" not in found["network"]


def test_the_first_container_format_is_one_that_needs_nothing_else() -> None:
    assert sections()["image"]["container_formats"] == "bare,ami"


def test_certificates_are_checked_as_the_cloud_is_reached() -> None:
    assert "ca_certificates_file" not in sections()["identity"]
    assert sections(verify="/etc/ca.pem")["identity"]["ca_certificates_file"] == "/etc/ca.pem"
    assert sections(verify=False)["identity"]["disable_ssl_certificate_validation"] == "true"


def test_a_catalogue_is_read_by_official_types_and_place() -> None:
    def service(type_: str, region: str, interface: str = "public") -> dict[str, Any]:
        return {"type": type_, "endpoints": [{"interface": interface, "region_id": region, "url": "http://x"}]}

    catalogue = [
        service("volumev2", "R"),
        service("volumev3", "R"),
        service("compute", "other"),
        service("image", "R", "internal"),
        service("network", "R"),
    ]
    found = official_types(catalogue, "R", "public")
    assert set(found) == {"block-storage", "network"}
    assert official_types(catalogue, "", "public")["compute"] == "compute"


# What is chosen from a cloud's own -----------------------------------------------------------------------------------


def image(name: str, size: int, **more: Any) -> Image:
    return Image(id=name, name=name, size=size, status="active", visibility="public", disk_format="qcow2", **more)


def test_the_image_is_the_one_that_boots_the_quickest() -> None:
    images = [image("debian", 300), image("small", 100), image("CirrOS 0.6", 200)]
    assert choose_image(images, None).name == "CirrOS 0.6"
    assert choose_image(images[:2], None).name == "small"
    assert choose_image(images, "debian").name == "debian"


def test_no_image_that_can_be_used_is_an_error_that_says_what_to_do() -> None:
    hidden = Image(id="x", name="x", status="active", visibility="private", disk_format="qcow2")
    with pytest.raises(InputError, match="no public image"):
        choose_image([hidden], None)
    with pytest.raises(InputError) as error:
        choose_image([image("debian", 1)], "debain")
    assert "debian" in error.value.fix


def flavor(name: str, ram: int, disk: int, **more: Any) -> Flavor:
    return Flavor(id=name, name=name, ram=ram, disk=disk, vcpus=1, **{"os-flavor-access:is_public": True, **more})


def test_flavors_are_the_clouds_where_two_small_ones_fit() -> None:
    flavors = [flavor("huge", 8192, 80), flavor("b", 512, 1), flavor("a", 128, 1), flavor("diskless", 64, 0)]
    assert choose_flavors(flavors, [image("i", 1)]) == ("a", "b")
    assert choose_flavors(flavors, [image("i", 1, min_ram=256)]) is None
    assert choose_flavors(flavors[:2], [image("i", 1)]) is None
