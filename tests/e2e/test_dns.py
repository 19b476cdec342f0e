"""A site with DNS: zones made by its API answer real queries, whatever happens to the name server."""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from stackwright.proof.console import connect
from stackwright.site import state
from stackwright.site.access import Access
from stackwright.site.paths import SitePaths
from stackwright.tools import dig
from stackwright.tools.process import ProgramFailedError
from stackwright.tools.supervisor import Supervisor

from .conftest import EXAMPLE, SECRETS, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

pytestmark = pytest.mark.cloud

PATIENCE = 60


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stackwright]:
    """A cloud that has DNS, and nothing else."""
    need_root()
    distribution = tmp_path_factory.mktemp("dns") / "minicloud"
    shutil.copytree(EXAMPLE, distribution, ignore=SECRETS)
    cloud = Stackwright(distribution, STATE / "dns").fresh()
    say(cloud, "ns1.cloud.example.")
    cloud("up")
    yield cloud
    cloud("destroy", "--yes")


def say(cloud: Stackwright, nameserver: str) -> None:
    """Write the site's file."""
    site = {
        "release": "2026.2",
        "target": "local",
        "region": "RegionOne",
        "services": ["designate"],
        "values": {
            "keystone": {"conf": {"keystone.conf": {"identity": {"password_hash_rounds": "6"}}}},
            "designate": {"nameserver": nameserver},
        },
    }
    (cloud.distribution / "sites/local.yaml").write_text(yaml.safe_dump(site, sort_keys=False))


def dns(cloud: Stackwright) -> Any:
    """Give the API, as the administrator sees it."""
    (one,) = yaml.safe_load((cloud.site / "clouds.yaml").read_text())["clouds"].values()
    return connect(Access(one["auth"]["auth_url"], one["auth"]["password"], one["region_name"])).dns


def asked(cloud: Stackwright, name: str, kind: str = "A") -> tuple[str, ...]:
    """Ask the site's name server; nothing while it does not answer."""
    chosen = state.load(SitePaths(cloud.site))
    assert chosen is not None
    try:
        return dig.answers(name, kind, "127.0.0.1", chosen.ports["bind-dns"])
    except ProgramFailedError:
        return ()


def until(look: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < end, what
        time.sleep(0.5)


def test_a_zone_answers_queries_until_it_is_deleted(cloud: Stackwright) -> None:
    rows = {row["Check"]: row for row in cloud.json("smoke")}
    assert (rows["zone"]["Result"], rows["zone-delete"]["Result"]) == ("ok", "ok")
    assert "192.0.2.53, says the name server" in rows["zone"]["What was seen"]


def test_zones_are_there_when_the_name_server_was_killed(cloud: Stackwright) -> None:
    api = dns(cloud)
    zone = api.create_zone(name="kept.example.", email="me@kept.example", ttl=60)
    api.create_recordset(zone, name="www.kept.example.", type="A", records=["192.0.2.7"], ttl=60)
    until(lambda: asked(cloud, "www.kept.example.") == ("192.0.2.7",), "the name server does not know the zone")
    paths = SitePaths(cloud.site)
    supervisor = Supervisor(paths.programs, paths.run, paths.log)
    os.kill(supervisor.processes()["bind-server"].pid, signal.SIGKILL)
    cloud("up")
    until(lambda: asked(cloud, "www.kept.example.") == ("192.0.2.7",), "it has forgotten the zone")


def test_another_name_of_the_name_server_reaches_every_zone(cloud: Stackwright) -> None:
    assert asked(cloud, "kept.example.", "NS") == ("ns1.cloud.example.",)
    say(cloud, "ns9.cloud.example.")
    assert "designate/pool" in [row["Step"] for row in cloud.json("plan")]
    cloud("up")
    until(lambda: asked(cloud, "kept.example.", "NS") == ("ns9.cloud.example.",), "the zone has the old name still")
    assert cloud.json("plan") == []
