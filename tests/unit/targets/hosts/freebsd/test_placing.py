"""Owners and modes of files, folders and users."""

from __future__ import annotations

from stackwright.targets.hosts.freebsd.placing import carried, configuration, folders, users
from tests.freebsd_host.made import made_host

HOST = made_host()
FILES = {file.path: file for file in configuration(HOST)}
FOLDERS = {folder.path: folder for folder in folders(HOST)}


def test_a_service_reads_its_configuration_and_does_not_change_it() -> None:
    conf = FILES["/usr/local/etc/nova/nova.conf"]
    assert (conf.owner, conf.group, conf.mode, conf.member.mode) == ("root", "nova", 0o640, 0o600)
    assert conf.listed == "0640 root nova /usr/local/etc/nova/nova.conf\n"


def test_users_of_packages_are_the_platform_s() -> None:
    assert FILES["/usr/local/etc/rabbitmq/rabbitmq.conf"].owner == "rabbitmq"
    assert FILES["/usr/local/etc/mysql/root.cnf"].group == "wheel"
    assert FILES["/usr/local/etc/mysql/root.cnf"].mode == 0o600


def test_a_service_s_data_is_its_own() -> None:
    assert FOLDERS["/var/db/glance/images"].owner == "glance"
    assert FOLDERS["/var/db/glance/images"].mode == 0o700
    assert list(FOLDERS) == sorted(FOLDERS)
    assert "/var/db/mysql" not in FOLDERS


def test_services_with_an_environment_have_users() -> None:
    assert dict(users(HOST)) == {
        name: f"/var/db/{name}" for name in ("keystone", "glance", "placement", "neutron", "nova")
    }
    assert dict(users(made_host("placement"))).keys() == {"keystone", "placement"}


def test_the_broker_s_package_and_its_command_are_carried() -> None:
    files = {file.path: file for file in carried(HOST)}
    assert "/usr/local/lib/stackwright/stackwright/consoled/broker.py" in files
    assert files["/usr/local/lib/stackwright/stackwright/__init__.py"].text == ""
    assert files["/usr/local/bin/stackwright-consoled"].mode == 0o755
    assert not list(carried(made_host("keystone")))
