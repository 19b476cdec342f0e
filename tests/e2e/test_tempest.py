"""The promises of tempest: it runs on any cloud, goes on where it was cut off, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import threading
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from openstack.config import OpenStackConfig
from openstack.connection import Connection

from stackwright.proof.tempest.stream import read
from tests.opened import opened

from .conftest import CACHE, PROJECT, Stackwright
from .test_upgrade_forecast_of_a_site import text_of

FEW = r"tempest\.api\.(identity\.v3\.test_tokens|image\.v2\.test_versions|network\.test_versions)\."
SERVER = r"ServersTestManualDisk\.test_verify_server_details\["
KEYPAIR = r"KeyPairsV2TestJSON\.test_keypair_create_delete\["
LONGER = r"tempest\.api\.identity\.admin\.v3\.test_(roles|projects|groups|inherits)\."


def books(cloud: Stackwright) -> dict[str, list[str]]:
    """All that a cloud has, as its administrator sees it."""
    seen = administrator(cloud)
    identity, compute, network = seen.identity, seen.compute, seen.network
    projects = {project.id for project in identity.projects()}
    listed = {
        "users": identity.users(),
        "projects": identity.projects(),
        "domains": identity.domains(),
        "roles": identity.roles(),
        "groups": identity.groups(),
        "regions": identity.regions(),
        "services": identity.services(),
        "servers": compute.servers(all_projects=True),
        "server groups": compute.server_groups(all_projects=True),
        "flavors": compute.flavors(is_public=None),
        "aggregates": compute.aggregates(),
        "networks": network.networks(),
        "ports": network.ports(),
        "routers": network.routers(),
        "floating IPs": network.ips(),
        # Each project has one of its own, made when it is first asked for.
        "security groups": [one for one in network.security_groups() if one.project_id not in projects],
        "subnet pools": network.subnet_pools(),
        "images": seen.image.images(),
    }
    return {kind: sorted(f"{thing.name} {thing.id}" for thing in things) for kind, things in listed.items()}


def administrator(cloud: Stackwright) -> Any:
    config: Any = OpenStackConfig(config_files=[str(cloud.site / "clouds.yaml")], load_envvars=False)
    return Connection(config=config.get_one(cloud="local"))


def results(rows: list[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["Result"]] = counts.get(row["Result"], 0) + row["Tests"]
    return counts


@pytest.mark.cloud
def test_it_runs_on_the_site_and_leaves_nothing_behind(minicloud: Stackwright, tmp_path: Path) -> None:
    before = books(minicloud)
    junit, subunit, html = (tmp_path / f"results.{kind}" for kind in ("xml", "subunit", "html"))
    files = ("--junit", str(junit), "--subunit", str(subunit), "--html", str(html))
    rows = minicloud.json("tempest", "--tests", f"{FEW}|{SERVER}", *files)
    assert results(rows)["passed"] >= 5
    assert "failed" not in results(rows)
    assert books(minicloud) == before
    cases = ElementTree.parse(junit).getroot().findall("testcase")
    assert len(cases) == sum(results(rows).values())
    assert subunit.stat().st_size > 0
    assert "ServersTestManualDisk.test_verify_server_details" in text_of(html)  # among what takes longest


@pytest.mark.cloud
def test_its_passwords_are_its_own_and_only_its_owner_can_read_them(minicloud: Stackwright) -> None:
    minicloud("tempest", "--tests", FEW)
    run = max((minicloud.site / "tempest/runs").iterdir())
    config = (run / "tempest.conf").read_text()
    admin = opened(minicloud.distribution)["keystone-admin"]
    assert admin not in config
    assert stat.S_IMODE((run / "tempest.conf").stat().st_mode) == 0o600
    assert stat.S_IMODE(run.stat().st_mode) == 0o700


@pytest.mark.cloud
def test_a_run_that_is_killed_goes_on_and_what_it_left_is_removed(minicloud: Stackwright) -> None:
    before = books(minicloud)
    killed = minicloud.start("tempest", "--tests", LONGER)
    stream = wait_for_a_result(minicloud)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert books(minicloud) != before  # its accounts at least are there
    done = minicloud("tempest", "--resume", "-f", "json")
    assert books(minicloud) == before
    rows = json.loads(done.stdout)
    total = int(found[1]) if (found := re.search(r"tempest +(\d+) tests, ", done.stderr)) else 0
    assert 0 < total < sum(results(rows).values())  # fewer were run now than there are in all
    assert "failed" not in results(rows)
    assert sorted(file.name for file in stream.parent.glob("*.subunit")) == ["01.subunit", "02.subunit"]
    assert "there is no run that was cut off" in minicloud("tempest", "--resume", status=2).stderr


def wait_for_a_result(cloud: Stackwright) -> Path:
    """Wait until the newest run has something to tell, and give its stream."""
    known = set((cloud.site / "tempest/runs").glob("*/01.subunit"))
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for file in set((cloud.site / "tempest/runs").glob("*/01.subunit")) - known:
            if read([file]):
                return file
        time.sleep(0.2)
    raise AssertionError("no test came to its end")


@pytest.mark.cloud
def test_an_interrupted_run_cleans_up_at_once(minicloud: Stackwright) -> None:
    before = books(minicloud)
    running = minicloud.start("tempest", "--tests", LONGER)
    wait_for_a_result(minicloud)
    running.send_signal(signal.SIGINT)
    assert running.wait(120) == 4
    assert books(minicloud) == before


@pytest.mark.cloud
def test_any_cloud_of_clouds_yaml_is_as_good_as_a_site(minicloud: Stackwright, tmp_path: Path) -> None:
    before = books(minicloud)
    elsewhere = Stackwright(
        tmp_path, tmp_path / "state", {"OS_CLIENT_CONFIG_FILE": str(minicloud.site / "clouds.yaml")}
    )
    rows = elsewhere.json("tempest", "--cloud", "local", "--tests", FEW)
    assert results(rows)["passed"] >= 4
    assert books(minicloud) == before


@pytest.mark.cloud
def test_a_failure_shows_requests_and_logs_and_ends_with_1(minicloud: Stackwright) -> None:
    minicloud.openstack("quota", "set", "--class", "--key-pairs", "0", "default")
    try:
        failed = minicloud("tempest", "--tests", KEYPAIR, status=1)
    finally:
        minicloud.openstack("quota", "set", "--class", "--key-pairs", "100", "default")
    assert "1 of 1 tests failed" in failed.stderr
    assert re.search(r"requests:\n(.*\n)* +403 POST http://127.0.0.1:\d+/v2.1/os-keypairs", failed.stderr)
    assert "Quota exceeded" in failed.stdout
    kept = max((minicloud.site / "tempest/runs").iterdir()) / "failures.txt"
    assert str(kept) in failed.stderr
    assert "KeyPairsV2TestJSON.test_keypair_create_delete" in kept.read_text()


@pytest.mark.cloud
def test_where_no_server_starts_none_of_tempests_is_waited_for(minicloud: Stackwright) -> None:
    (service,) = json.loads(
        minicloud.openstack("compute", "service", "list", "--service", "nova-compute", "-f", "json")
    )
    before = books(minicloud)
    minicloud.openstack("compute", "service", "set", "--disable", service["Host"], "nova-compute")
    try:
        message = minicloud("tempest", "--tests", SERVER, status=1).stderr
    finally:
        minicloud.openstack("compute", "service", "set", "--enable", service["Host"], "nova-compute")
    assert "no server starts" in message
    assert "No valid host" in message
    assert books(minicloud) == before


@pytest.mark.cloud
def test_clean_removes_what_runs_from_elsewhere_have_left(minicloud: Stackwright) -> None:
    minicloud.openstack("domain", "create", "swt-abcdef")
    minicloud.openstack("project", "create", "--domain", "swt-abcdef", "tempest-left")
    rows = minicloud.json("tempest", "--clean")
    assert {row["Removed"] for row in rows} == {"project tempest-left", "domain swt-abcdef"}
    assert "swt-" not in minicloud.openstack("domain", "list")


@pytest.mark.cloud
def test_requests_that_come_at_once_have_each_the_roles_of_its_own_user(minicloud: Stackwright) -> None:
    """What tempest has found: keystone, with several threads in a process, mixed up the tokens of two requests."""
    admin = administrator(minicloud)
    identity = admin.identity
    project = identity.create_project(name="mixed-up", domain_id="default")
    user = identity.create_user(name="mixed-up", password="mixed-up-1", domain_id="default")
    member = next(role for role in identity.roles() if role.name == "member")
    identity.assign_project_role_to_user(project.id, user.id, member.id)
    theirs = admin.connect_as(username="mixed-up", password="mixed-up-1", project_name="mixed-up")
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            administrator(minicloud).identity.get("/users")

    others = [threading.Thread(target=ask) for _ in range(3)]
    try:
        for other in others:
            other.start()
        # Its roles are those of the request's token, and have to be the user's.
        answers = [
            theirs.identity.post(
                f"/users/{user.id}/application_credentials", json={"application_credential": {"name": f"{number}"}}
            ).status_code
            for number in range(60)
        ]
    finally:
        done.set()
        for other in others:
            other.join()
        identity.delete_user(user)
        identity.delete_project(project)
    assert answers == [201] * 60


# Without a cloud -------------------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path) -> Stackwright:
    return Stackwright(PROJECT / "examples/minicloud", tmp_path / "state", {"STACKWRIGHT_CACHE": str(CACHE)})


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("netwrok",), "there is no test set 'netwrok'"),
        (("smoke", "--tests", "x"), "either a set or --tests"),
        (("--resume", "smoke"), "has its tests already"),
        (("--concurrency", "0"), "runs nothing"),
        (("--image", "cirros"), "is for another cloud"),
        (("interop",), "needs the guideline"),
        (("interop", "--guideline", "/nowhere.json"), "there is no such guideline"),
        (("smoke",), "the site local is not there"),
    ],
)
def test_bad_input_says_what_is_wrong_and_what_to_type(command: Stackwright, words: tuple[str, ...], what: str) -> None:
    message = command("tempest", *words, status=2).stderr
    assert what in message
    assert "fix: " in message


def test_a_cloud_that_is_not_in_clouds_yaml_is_named_with_the_nearest(command: Stackwright, tmp_path: Path) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text("clouds: {paris: {auth: {auth_url: http://127.0.0.1:1/v3, username: a, password: b}}}\n")
    there = Stackwright(command.distribution, command.state, {"OS_CLIENT_CONFIG_FILE": str(file)})
    assert "did you mean 'paris'" in there("tempest", "--cloud", "pairs", status=2).stderr
    assert "does not let us in" in there("tempest", "--cloud", "paris", status=3).stderr
