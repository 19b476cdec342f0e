"""Issue 6, promise 6: `up` uses the values; what is invalid does not start, and a change restarts its readers."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from .conftest import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Stackwright

pytestmark = pytest.mark.cloud


@pytest.fixture
def valued(minicloud: Stackwright) -> Iterator[Stackwright]:
    """The cloud, whose values a test may change: they and it are afterwards as they were, whatever came of it."""
    yield minicloud
    for name in ("sites", "values"):
        shutil.rmtree(minicloud.distribution / name, ignore_errors=True)
        if (EXAMPLE / name).exists():
            shutil.copytree(EXAMPLE / name, minicloud.distribution / name)
    minicloud("up")


def say(cloud: Stackwright, *path: str, value: object) -> int:
    """Say a value in the site's file; gives its line."""
    file = cloud.distribution / "sites/local.yaml"
    site = yaml.safe_load(file.read_text())
    inner = site["values"]
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    inner[path[-1]] = value
    file.write_text(yaml.safe_dump(site, sort_keys=False))
    return next(n for n, line in enumerate(file.read_text().splitlines(), 1) if f"{path[-1]}:" in line)


def processes(cloud: Stackwright) -> dict[str, int]:
    return {row["Process"]: row["PID"] for row in cloud.json("status")}


def restarted(cloud: Stackwright) -> set[str]:
    """Bring the site up, and give the processes that are others now."""
    before = processes(cloud)
    cloud("up")
    after = processes(cloud)
    return {name for name in before if before[name] != after.get(name)}


def test_an_unknown_option_is_refused_before_anything_is_touched(valued: Stackwright) -> None:
    line = say(valued, "nova", "conf", "nova.conf", "libvirt", "virt_typ", value="kvm")
    before = processes(valued)
    said = valued("up", status=2).stderr
    assert f"sites/local.yaml:{line}" in said
    assert "virt_typ" in said
    assert "virt_type" in said  # what was meant
    assert processes(valued) == before
    assert "virt_typ =" not in (valued.site / "etc/nova/nova.conf").read_text()


def test_a_value_of_the_wrong_type_is_refused(valued: Stackwright) -> None:
    line = say(valued, "keystone", "conf", "keystone.conf", "identity", "password_hash_rounds", value="many")
    said = valued("up", status=2).stderr
    assert f"sites/local.yaml:{line}" in said
    assert "password_hash_rounds" in said


def test_a_policy_that_names_no_rule_is_refused(valued: Stackwright) -> None:
    line = say(valued, "nova", "conf", "policy", "os_compute_api:servers:indexx", value="role:reader")
    said = valued("up", status=2).stderr
    assert f"sites/local.yaml:{line}" in said
    assert "os_compute_api:servers:index" in said


def test_force_goes_on_and_names_the_risk(valued: Stackwright) -> None:
    say(valued, "glance", "conf", "glance-api.conf", "DEFAULT", "no_such_option", value="1")
    valued("up", status=2)
    said = valued("up", "--force").stderr
    assert "forced:" in said
    assert "no_such_option" in said
    assert "no_such_option = 1" in (valued.site / "etc/glance/glance-api.conf").read_text()


def test_a_changed_value_restarts_exactly_the_processes_that_read_it(valued: Stackwright) -> None:
    say(valued, "keystone", "token-lifetime", value=1800)
    assert restarted(valued) == {"keystone-api"}
    assert "expiration = 1800" in (valued.site / "etc/keystone/keystone.conf").read_text()


def test_a_value_that_only_one_of_a_services_files_holds_restarts_the_readers_of_that_file(valued: Stackwright) -> None:
    say(valued, "neutron", "conf", "metadata_agent.ini", "DEFAULT", "metadata_workers", value="0")
    assert restarted(valued) == {"neutron-metadata-agent"}


def test_the_site_says_something_else_than_the_abstract_region(valued: Stackwright) -> None:
    folder = valued.distribution / "values"
    folder.mkdir(exist_ok=True)
    general = folder / "openstack.yaml"
    told = yaml.safe_load(general.read_text()) if general.exists() else {}
    told.setdefault("keystone", {})["token-lifetime"] = 7200
    general.write_text(yaml.safe_dump(told))
    say(valued, "keystone", "token-lifetime", value=900)
    valued("up")
    assert "expiration = 900" in (valued.site / "etc/keystone/keystone.conf").read_text()
    rows = valued.json("value", "explain", "keystone.token-lifetime")
    assert [(row["Fate"], row["Layer"]) for row in rows] == [
        ("wins", "site local"),
        ("lost", "region openstack"),
        ("lost", "catalogue"),
    ]
