"""Promise 1 of FreeBSD: nova's port is a series like any other, and changes nothing on Linux."""

from __future__ import annotations

import ast
import re
import shutil
import socket
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from stackwright.consoled.daemon import SOCKET
from tests.consoles import broker, connected, free_ports

from .conftest import PROJECT, STATE, Stackwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RELEASE, OLD = RELEASES = ("2026.2", "2023.1")
# The modules of tests that the patches touch, or whose subjects they touch.
TOUCHED = {
    "oslo.privsep": "test_daemon",
    "oslo.messaging": "drivers.test_impl_rabbit",
    "oslo.rootwrap": "test_rootwrap",
    "neutron": r"ml2\.drivers\.bsd_bridge|ml2\.test_driver_context|ml2\.drivers\.macvtap\.mech_driver",
    "nova": r"unit\.virt\.libvirt\.test_(bhyve|freebsd|vif|blockinfo|config|host|designer)\.|test_os_vif_util",
}
SCHEMA = Path("/usr/share/libvirt/schemas/domain.rng")
DOMAINS = Path("nova/tests/unit/virt/libvirt/bhyve")


@pytest.fixture(scope="module")
def freebsd(tmp_path_factory: pytest.TempPathFactory) -> Stackwright:
    """The example, with a state that keeps what has been tested from one run to the next."""
    folder = tmp_path_factory.mktemp("freebsd") / "freebsd"
    shutil.copytree(PROJECT / "examples/freebsd", folder)
    return Stackwright(folder, STATE / "freebsd")


@pytest.fixture(scope="module", params=RELEASES)
def nova(freebsd: Stackwright, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nova's tree with all patches."""
    folder = tmp_path_factory.mktemp("nova") / "nova"
    freebsd("patch", "edit", "nova", "--release", request.param, "--directory", str(folder))
    return folder


@pytest.mark.parametrize("release", RELEASES)
def test_every_patch_applies_and_says_what_it_is_for(freebsd: Stackwright, release: str) -> None:
    rows = freebsd.json("patch", "status", "--release", release)
    assert {row["Component"] for row in rows} == set(TOUCHED)
    assert {row["State"] for row in rows} == {"applies"}
    freebsd("patch", "lint")
    for patch in freebsd.distribution.glob(f"patches/*/{release}/*.patch"):
        text = patch.read_text()
        for field in ("Upstream-Status: ", "Intent: ", "Set: freebsd", "Owner: "):
            assert f"\n{field}" in text, f"{patch}: {field}"


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("component", sorted(TOUCHED))
def test_upstreams_tests_of_what_is_touched_pass_before_and_after(
    freebsd: Stackwright, component: str, release: str
) -> None:
    told = freebsd("test", component, release, "--last", "--tests", TOUCHED[component]).stderr
    found = re.search(rf"{component} {release}: \d+ patch(?:es)?; (\d+) tests?,", told)
    assert found, told
    assert int(found[1]) > 10


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="needs xmllint: apt-get install libxml2-utils")
def test_the_domains_of_guests_are_what_libvirt_takes(nova: Path, tmp_path: Path) -> None:
    domains = sorted((nova / DOMAINS).glob("*.xml"))
    assert [domain.stem for domain in domains] == ["freebsd", "uefi", "windows"]
    for domain in domains:
        text = domain.read_text().replace("UUID", "6f0f5ae3-6d0c-4f4f-9d3b-52f7d4a35d0c")
        assert libvirt_takes(text, tmp_path), domain.name
        assert not libvirt_takes(text.replace("nmdm", "nmdn", 1), tmp_path)
    serial = ElementTree.parse(nova / DOMAINS / "freebsd.xml").find("devices/serial/source")
    assert serial is not None
    assert serial.attrib == {"master": "/dev/nmdm7A", "slave": "/dev/nmdm7B"}


def test_nova_reads_what_the_console_broker_says(nova: Path, tmp_path: Path) -> None:
    read_port = function(nova / "nova/virt/libvirt/bhyve.py", "_read_port")
    with broker(tmp_path, free_ports(3)) as its:
        its.start()
        guest, standing = its.offered("instance-00000007")
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(its.run / SOCKET))
            asking.sendall(b"show instance-00000007\n")
            port = read_port(asking.makefile())
        assert port == standing.console.port
        with connected(port) as client:
            client.sendall(b"hello")
            assert guest.hears(5) == b"hello"
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(its.run / SOCKET))
            asking.sendall(b"show instance-00000008\n")
            with pytest.raises(ValueError, match="instance-00000008"):
                read_port(asking.makefile())


def test_what_is_built_of_it_is_a_wheel_like_any_other(freebsd: Stackwright) -> None:
    rows = freebsd.json("build", "oslo.privsep", "--release", RELEASE)
    assert [row["Component"] for row in rows] == ["oslo.privsep"]
    assert "oslo_privsep/daemon.py" in zipfile.ZipFile(rows[0]["Wheel"]).namelist()


def libvirt_takes(domain: str, folder: Path) -> bool:
    file = folder / "domain.xml"
    file.write_text(domain)
    done = subprocess.run(["xmllint", "--noout", "--relaxng", SCHEMA, file], check=False, capture_output=True)
    return done.returncode == 0


def function(file: Path, name: str) -> Callable[[Iterable[str]], int]:
    """Give a function of a module whose other parts want all of nova."""
    text = file.read_text()
    (found,) = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == name)
    found.returns, found.args.args[0].annotation = None, None
    names: dict[str, Callable[[Iterable[str]], int]] = {}
    exec(compile(ast.Module([found], []), str(file), "exec"), names)
    return names[name]
