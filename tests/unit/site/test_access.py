from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import openstack.config
import pytest

from stackwright.site.access import Access, clouds_yaml, openrc, write_access_files
from stackwright.site.paths import SitePaths

if TYPE_CHECKING:
    from pathlib import Path

ACCESS = Access("http://127.0.0.1:5000/v3", "it's $ecret", "RegionOne")


@pytest.fixture
def paths(tmp_path: Path) -> SitePaths:
    paths = SitePaths(tmp_path)
    write_access_files(paths, "local", ACCESS)
    return paths


def test_a_shell_reads_openrc(paths: SitePaths) -> None:
    shown = subprocess.run(
        ["sh", "-c", f'. {openrc(paths)}; echo "$OS_AUTH_URL|$OS_USERNAME|$OS_PASSWORD|$OS_REGION_NAME"'],
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout == "http://127.0.0.1:5000/v3|admin|it's $ecret|RegionOne\n"


def test_the_sdk_reads_clouds_yaml(paths: SitePaths) -> None:
    config = openstack.config.OpenStackConfig(config_files=[str(clouds_yaml(paths))], load_envvars=False)
    cloud = config.get_one("local")
    assert cloud.auth["password"] == "it's $ecret"
    assert cloud.auth["project_name"] == "admin"
    assert (cloud.auth["user_domain_name"], cloud.auth["project_domain_name"]) == ("Default", "Default")
    assert cloud.region_name == "RegionOne"


def test_only_their_owner_reads_them(paths: SitePaths) -> None:
    assert {file(paths).stat().st_mode & 0o777 for file in (openrc, clouds_yaml)} == {0o600}


def test_an_access_does_not_tell_its_password() -> None:
    assert "ecret" not in f"{ACCESS!r} {ACCESS}"
