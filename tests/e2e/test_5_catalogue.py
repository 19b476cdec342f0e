"""Promise 5: the services are data."""

from __future__ import annotations

import json
import subprocess

from .conftest import COMMAND, PROJECT

CORE = {"keystone", "glance", "placement", "nova", "neutron", "mariadb", "rabbitmq", "memcached", "ovn", "libvirt"}


def test_the_catalogue_has_the_core_services_and_their_processes() -> None:
    done = subprocess.run([COMMAND, "catalogue", "list", "-f", "json"], check=True, capture_output=True, text=True)
    rows = {row["Service"]: row for row in json.loads(done.stdout)}
    assert rows.keys() >= CORE
    assert set(rows["nova"]["Processes"].split()) == {
        "api",
        "metadata",
        "conductor",
        "scheduler",
        "compute",
        "novncproxy",
    }


def test_each_is_one_file() -> None:
    files = {file.stem for file in (PROJECT / "src/stackwright/catalogue/services").glob("*.yaml")}
    assert files >= CORE


def test_an_entry_can_be_shown() -> None:
    done = subprocess.run(
        [COMMAND, "catalogue", "show", "keystone", "-f", "json"], check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout)["databases"] == ["keystone"]
