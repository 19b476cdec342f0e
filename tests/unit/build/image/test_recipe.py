"""Recipes: what images of the catalogue's processes are to be."""

from __future__ import annotations

import pytest

from stackwright.build.image.recipe import chosen
from stackwright.catalogue.catalogue import own_catalogue
from stackwright.errors import InputError

RECIPES = {recipe.name: recipe for recipe in chosen(own_catalogue(), [])}


def test_every_process_of_the_catalogue_has_a_recipe() -> None:
    for name, service in own_catalogue().services.items():
        for process in service.processes:
            assert f"{name}-{process}" in RECIPES


def test_an_api_is_served_on_its_own_port_as_its_own_user() -> None:
    recipe = RECIPES["keystone-api"]
    assert recipe.user == "keystone"
    assert recipe.account is not None
    assert (recipe.account.uid, recipe.account.gid) == (42424, 42424)
    assert recipe.ports == (5000,)
    assert recipe.command[:3] == ("/var/lib/openstack/bin/uwsgi", "--http-socket", "0.0.0.0:5000")
    assert recipe.environment["OS_KEYSTONE_CONFIG_FILES"] == "/etc/keystone/keystone.conf"


def test_an_api_of_a_paste_file_is_served_from_the_environment_of_the_image() -> None:
    command = RECIPES["barbican-api"].command
    paste = "config:/var/lib/openstack/etc/barbican/barbican-api-paste.ini"
    assert command[command.index("--paste") + 1] == paste
    assert RECIPES["barbican-api"].environment["HOME"] == "/etc/barbican"


def test_a_process_that_handles_guests_runs_as_root_and_has_its_programs() -> None:
    compute, conductor = RECIPES["nova-compute"], RECIPES["nova-conductor"]
    assert (compute.user, conductor.user) == ("root", "nova")
    assert set(compute.packages) > set(conductor.packages)
    assert "libvirt0" in conductor.packages


def test_no_image_has_a_compiler() -> None:
    for recipe in RECIPES.values():
        assert not {"gcc", "libc6-dev", "python3-dev", "libvirt-dev", "pkg-config"} & set(recipe.packages)


def test_a_service_of_debian_packages_runs_as_the_user_that_they_bring() -> None:
    recipe = RECIPES["memcached-server"]
    assert (recipe.user, recipe.account, recipe.requirements) == ("memcache", None, ())
    assert recipe.packages == ("memcached",)


def test_what_only_a_site_knows_is_left_to_it() -> None:
    assert "RABBITMQ_NODENAME" not in RECIPES["rabbitmq-server"].environment
    assert RECIPES["rabbitmq-server"].environment["RABBITMQ_CONFIG_FILE"] == "/etc/rabbitmq/rabbitmq.conf"


def test_patterns_choose_images_and_a_mistyped_one_is_answered_with_the_nearest() -> None:
    assert {recipe.name for recipe in chosen(own_catalogue(), ["nova-*"])} == {
        "nova-api", "nova-compute", "nova-conductor", "nova-metadata", "nova-novncproxy", "nova-scheduler"
    }  # fmt: skip
    with pytest.raises(InputError) as refused:
        chosen(own_catalogue(), ["nova-apy"])
    assert "nova-api" in refused.value.fix
