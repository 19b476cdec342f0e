"""Real network namespaces and links."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from stackwright.tools import namespaces, network
from stackwright.tools.namespaces import NAMESPACES, Link

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(shutil.which("ping") is None, reason="needs ping: apt-get install iputils-ping")


@pytest.fixture
def link(root_only: None) -> Iterator[Link]:  # noqa: ARG001
    """Give a link with networks that nobody uses."""
    id_, number = secrets.token_hex(3), network.free_number()
    link = Link(
        namespace=f"stackwright-{id_}",
        device=f"sw-{id_}",
        near=f"172.25.{number}.1",
        far=f"172.25.{number}.2",
        behind=f"172.24.{number}.0/24",
    )
    yield link
    namespaces.remove([link.namespace])


def output(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def reaches(link: Link) -> bool:
    return subprocess.run(["ping", "-c1", "-W2", link.far], capture_output=True, check=False).returncode == 0


def test_a_namespace_and_its_link_are_made_and_removed(link: Link) -> None:
    assert not namespaces.is_made(link)
    namespaces.make(link)
    assert namespaces.is_made(link)
    assert reaches(link)
    namespaces.remove([link.namespace])
    assert not namespaces.is_made(link)
    assert not (NAMESPACES / link.namespace).exists()


def test_a_command_finds_itself_in_the_namespace(link: Link) -> None:
    namespaces.make(link)
    shown = json.loads(output(*namespaces.entering(link.namespace), "ip", "-json", "-4", "address"))
    addresses = {info["local"] for device in shown for info in device["addr_info"]}
    assert addresses == {"127.0.0.1", link.far}
    assert output(*namespaces.entering(link.namespace), "sysctl", "-n", "net.ipv4.ip_forward") == "1\n"


def test_it_is_not_made_without_its_link_and_can_be_made_whole(link: Link) -> None:
    namespaces.make(link)
    subprocess.run(["ip", "link", "delete", link.device], check=True)
    assert not namespaces.is_made(link)
    namespaces.make(link)
    assert namespaces.is_made(link)
    assert reaches(link)


def test_it_is_not_made_without_its_address_inside(link: Link) -> None:
    namespaces.make(link)
    subprocess.run([*namespaces.entering(link.namespace), "ip", "link", "delete", link.device], check=True)
    assert not namespaces.is_made(link)


def test_making_it_again_changes_nothing_that_matters(link: Link) -> None:
    namespaces.make(link)
    namespaces.make(link)
    assert namespaces.is_made(link)
    assert reaches(link)


def test_a_file_that_ip_left_when_it_was_cut_off_is_no_namespace(link: Link) -> None:
    NAMESPACES.mkdir(exist_ok=True)
    (NAMESPACES / link.namespace).touch(mode=0)
    assert not namespaces.is_made(link)
    namespaces.make(link)
    assert namespaces.is_made(link)


def test_removing_what_is_not_there_is_done() -> None:
    namespaces.remove([f"stackwright-{secrets.token_hex(3)}"])


def test_its_networks_count_as_taken(link: Link) -> None:
    number = network.free_number()
    assert f"172.24.{number}.0/24" == link.behind
    assert network.device_to(link.behind) == ""
    namespaces.make(link)
    assert network.free_number() != number
    assert network.device_to(link.behind) == link.device
    assert network.device_to(f"172.25.{number}.0/30") == link.device
