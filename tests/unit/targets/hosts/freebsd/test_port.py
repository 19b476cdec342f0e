"""The skeleton of a port."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from stackwright.targets.hosts.freebsd.host import Locked
from stackwright.targets.hosts.freebsd.port import plist, port_skeleton
from tests.freebsd_host.made import made_host, wheel

NAME = "nova-34.0.0.post4-py3-none-any.whl"
CONTENT = wheel(
    "nova/__init__.py",
    "nova-34.0.0.post4.data/data/etc/nova/api-paste.ini",
    "nova-34.0.0.post4.dist-info/RECORD",
    **{"nova-34.0.0.post4.dist-info__entry_points.txt": "[console_scripts]\nnova-compute = nova.cmd.compute:main\n"},
)
HOST = made_host()
OF_NOVA = HOST.environments["nova"]
MADE = replace(OF_NOVA, wheels={NAME: CONTENT}, of_the_host={"libvirt-python": "libvirt"})


def test_the_list_has_what_pip_installs_of_our_wheels() -> None:
    top = "lib/openstack/nova"
    assert plist(HOST, MADE) == (
        f"{top}/bin/nova-compute",
        f"{top}/etc/nova/api-paste.ini",
        f"{top}/lib/python3.11/site-packages/nova-34.0.0.post4.dist-info/entry_points.txt",
        f"{top}/lib/python3.11/site-packages/nova/__init__.py",
    )


def test_the_port_fetches_our_wheels_by_their_sums() -> None:
    host = replace(HOST, environments={**HOST.environments, "nova": MADE})
    files = {one.path: one.content.decode() for one in port_skeleton(host)}
    assert files.keys() == {
        f"port/{name}" for name in ("Makefile", "distinfo", "pkg-descr", "pkg-plist", "files/requirements.txt")
    }
    assert files["port/distinfo"] == (
        f"SHA256 ({NAME}) = {hashlib.sha256(CONTENT).hexdigest()}\nSIZE ({NAME}) = {len(CONTENT)}\n"
    )
    makefile = files["port/Makefile"]
    assert "PORTNAME=\tnova\nDISTVERSION=\t34.0.0.post4\n" in makefile
    assert '"libvirt-python==$${version%%[_,]*}"' in makefile
    assert all(text.startswith("\t") or "\t" not in text[:1] for text in makefile.splitlines())


def test_a_host_without_the_service_has_no_port() -> None:
    assert not list(port_skeleton(made_host("keystone")))
    assert isinstance(OF_NOVA, Locked)
