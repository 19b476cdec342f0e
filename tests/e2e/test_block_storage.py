"""A site with volumes in a real Ceph: what is written to them stays, whatever happens to a store or a server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from stackwright.proof.guest.console import SERIAL, VolumeSeen, read_console
from stackwright.site.paths import SitePaths
from stackwright.tools.supervisor import Supervisor

from .conftest import EXAMPLE, SECRETS, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.cloud

PATIENCE = 120
# Written to it by the guest of the demo: see stackwright/proof/guest/root/bin/volumes.
MARK = "5eed"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stackwright]:
    """A cloud with volumes, whose servers' own disks are in Ceph too."""
    need_root()
    distribution = tmp_path_factory.mktemp("volumes") / "minicloud"
    shutil.copytree(EXAMPLE, distribution, ignore=SECRETS)
    cloud = Stackwright(distribution, STATE / "volumes").fresh()
    say(cloud)
    cloud("up")
    yield cloud
    cloud("destroy", "--yes")


def say(cloud: Stackwright) -> None:
    """Write the site's file."""
    file = cloud.distribution / "sites/local.yaml"
    site = yaml.safe_load((EXAMPLE / "sites/local.yaml").read_text())
    site["services"] = ["core", "cinder"]
    site["values"]["nova"]["disks"] = "ceph"
    # What has gone is seen to have gone in seconds instead of a minute.
    quick = {"report_interval": "3", "service_down_time": "10"}
    site["values"]["cinder"] = {"conf": {"cinder.conf": {"DEFAULT": quick}}}
    file.write_text(yaml.safe_dump(site, sort_keys=False))


def supervisor_of(cloud: Stackwright) -> Supervisor:
    paths = SitePaths(cloud.site)
    return Supervisor(paths.programs, paths.run, paths.log)


def until(look: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, what
        time.sleep(1)


def in_ceph(cloud: Stackwright, *words: str) -> str:
    """Run a program of Ceph's on the site's cluster."""
    done = subprocess.run(
        [words[0], "--conf", str(cloud.site / "etc/ceph/ceph.conf"), *words[1:]],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout


def volume(cloud: Stackwright, name: str) -> str:
    """Make a volume, and give its id when it is there."""
    made = json.loads(cloud.openstack("volume", "create", "--size", "1", "-f", "json", name))
    until(lambda: status(cloud, name) == "available", f"the volume {name} is {status(cloud, name)}")
    return str(made["id"])


def status(cloud: Stackwright, name: str) -> str:
    return str(json.loads(cloud.openstack("volume", "show", "-f", "json", name))["status"])


def seen(cloud: Stackwright, server: str, of: str) -> VolumeSeen | None:
    """Give what the guest of a server has said last of a volume."""
    log = cloud.openstack("console", "log", "show", server)
    return next((one for one in reversed(read_console(log).volumes) if one.serial == of[:SERIAL]), None)


@pytest.fixture(scope="module")
def smoked(cloud: Stackwright) -> dict[str, dict[str, str]]:
    """What the smoke test says, which leaves the server `demo` running."""
    return {row["Check"]: row for row in cloud.json("smoke", "--keep")}


def test_a_guest_finds_what_it_wrote_after_a_snapshot_a_restore_and_a_reboot(smoked: dict[str, dict[str, str]]) -> None:
    checks = ("back-ends", "volume", "volume-written", "volume-snapshot", "volume-restored", "volume-reboot")
    assert [smoked[name]["Result"] for name in (*checks, "volume-delete")] == ["ok"] * 7
    assert "@ceph" in smoked["back-ends"]["What was seen"]


@pytest.mark.usefixtures("smoked")
def test_images_and_servers_disks_lie_in_ceph(cloud: Stackwright) -> None:
    server = json.loads(cloud.openstack("server", "show", "-f", "json", "demo"))
    images = {one["ID"] for one in json.loads(cloud.openstack("image", "list", "-f", "json"))}
    assert f"{server['id']}_disk" in in_ceph(cloud, "rbd", "ls", "vms").split()
    assert images == set(in_ceph(cloud, "rbd", "ls", "images").split())
    assert not list(cloud.site.glob("data/glance/images/*"))
    assert in_ceph(cloud, "rbd", "ls", "volumes") == "", "the smoke test leaves nothing"


@pytest.mark.usefixtures("smoked")
def test_a_store_is_killed_under_a_running_guest_and_its_writes_go_on(cloud: Stackwright) -> None:
    made = volume(cloud, "kept")
    parts = ["--image", "demo", "--flavor", "demo", "--network", "demo", "--property", f"mark={MARK}"]
    cloud.openstack("server", "create", "--wait", *parts, "writer")
    cloud.openstack("server", "add", "volume", "writer", made)
    until(lambda: seen(cloud, "writer", made), "the guest does not write to its volume")

    supervisor = supervisor_of(cloud)
    killed = supervisor.processes()["ceph-osd-1"]
    os.kill(killed.pid, signal.SIGKILL)
    supervisor.stop("ceph-osd-1")  # or it would be there again at once
    until(lambda: json.loads(in_ceph(cloud, "ceph", "osd", "stat", "-f", "json"))["num_up_osds"] == 2, "it is still up")
    before = seen(cloud, "writer", made)
    assert before is not None

    def writes_go_on() -> bool:
        now = seen(cloud, "writer", made)
        return now is not None and now.times >= before.times + 3

    until(writes_go_on, "the guest's writes stand still")
    needed = [row["Step"] for row in cloud.json("plan")]
    assert needed == ["ceph/osd-1"]
    cloud("up")
    until(lambda: "HEALTH_OK" in in_ceph(cloud, "ceph", "health"), "Ceph does not recover")
    assert seen(cloud, "writer", made).mark == MARK  # type: ignore[union-attr]
    cloud.openstack("server", "delete", "--wait", "writer")
    cloud.openstack("volume", "delete", "kept")


def test_another_key_of_cephs_is_known_to_all_who_have_it(cloud: Stackwright) -> None:
    before = (cloud.site / "etc/ceph/client.cinder.keyring").read_text()
    cloud("secret", "rotate", "ceph-cinder")
    cloud("up")
    after = (cloud.site / "etc/ceph/client.cinder.keyring").read_text()
    assert after != before
    assert in_ceph(cloud, "ceph", "auth", "print-key", "client.cinder") in after
    volume(cloud, "later")
    cloud.openstack("volume", "delete", "later")
    assert cloud.json("plan") == []


def test_a_back_end_that_has_gone_is_named_and_comes_back(cloud: Stackwright) -> None:
    supervisor_of(cloud).stop("cinder-volume")
    listed = ["volume", "service", "list", "-f", "json", "--service", "cinder-volume"]

    def states() -> list[str]:
        return [row["State"] for row in json.loads(cloud.openstack(*listed))]

    until(lambda: states() == ["down"], "cinder takes it for alive")
    failed = cloud("smoke", status=1).stderr
    assert "back ends of cinder do not work, or are no longer named: " in failed
    assert "@ceph" in failed
    assert [row["Step"] for row in cloud.json("plan")] == ["cinder/volume"]
    cloud("up")
    until(lambda: states() == ["up"], "it does not come back")
    volume(cloud, "afterwards")
    cloud.openstack("volume", "delete", "afterwards")


def test_more_copies_than_stores_are_refused(cloud: Stackwright, tmp_path: Path) -> None:
    distribution = tmp_path / "minicloud"
    shutil.copytree(cloud.distribution, distribution)
    file = distribution / "sites/local.yaml"
    site = yaml.safe_load(file.read_text())
    site["services"], site["values"] = ["keystone", "ceph"], {"ceph": {"osds": 2}}
    file.write_text(yaml.safe_dump(site))
    other = Stackwright(distribution, STATE / "stores").fresh()
    try:
        failed = other("up", status=4).stderr
    finally:
        other("destroy", "--yes")
    assert "ceph.osds is 2, and ceph.replicas 3: each copy needs a store of its own" in failed
