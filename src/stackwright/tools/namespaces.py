"""ip-netns: a network of its own for what handles guests' packets, linked to this machine's."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMESPACES = Path("/run/netns")


def entering(namespace: str) -> tuple[str, ...]:
    """Give the words before a command that make it run in a namespace.

    Unlike ``ip netns exec``, nsenter leaves the mounts as they are, so that namespaces made inside are seen outside.
    """
    return ("nsenter", f"--net={NAMESPACES / namespace}")


@dataclass(frozen=True)
class Link:
    """A link between this machine and a namespace.

    :param device: name of both of its ends
    :param near: address of this machine's end
    :param far: address of the namespace's end
    :param behind: the network that this machine reaches through it
    """

    namespace: str
    device: str
    near: str
    far: str
    behind: str


def is_made(link: Link) -> bool:
    """Tell whether a namespace and the link to it are there."""
    if not _is_there(link.namespace):
        return False
    # The route comes last when they are made, and goes with either end of the link.
    route = ["ip", "-json", "-4", "route", "show", link.behind, "via", link.far, "dev", link.device]
    found = process.run(route, check=False)
    return found.status == 0 and bool(json.loads(found.stdout or b"[]"))


def devices(namespace: str) -> frozenset[str]:
    """Give the names of the network devices in a namespace."""
    shown = process.run(["ip", "-netns", namespace, "-json", "link", "show"])
    return frozenset(device["ifname"] for device in json.loads(shown.stdout))


def make(link: Link) -> None:
    """Make a namespace and the link to it."""
    if not _is_there(link.namespace):
        remove([link.namespace])
        _ip("netns", "add", link.namespace)
    inside = ("-netns", link.namespace)
    process.run(["ip", "link", "delete", link.device], check=False)
    _ip("link", "add", link.device, "type", "veth", "peer", "name", link.device, "netns", link.namespace)
    _ip("address", "add", f"{link.near}/30", "dev", link.device)
    _ip("link", "set", link.device, "up")
    _ip(*inside, "link", "set", "lo", "up")
    _ip(*inside, "address", "add", f"{link.far}/30", "dev", link.device)
    _ip(*inside, "link", "set", link.device, "up")
    # The file shows the namespace of who opens it; sysctl(8) is in a package that need not be installed yet.
    process.run([*entering(link.namespace), "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"])
    _ip("route", "replace", link.behind, "via", link.far, "dev", link.device)


def remove(namespaces: Iterable[str]) -> None:
    """Remove namespaces, with the links and bridges in them."""
    for namespace in namespaces:
        process.run(["ip", "netns", "delete", namespace], check=False)


def _is_there(namespace: str) -> bool:
    """Tell whether a namespace is bound to its file; ip, cut off between the two, leaves an empty file."""
    return os.path.ismount(NAMESPACES / namespace)


def _ip(*arguments: str) -> None:
    process.run(["ip", *arguments])
