"""The host's network: which ports and networks are taken, and by whom."""

from __future__ import annotations

import ipaddress
import json
import socket
from contextlib import suppress
from pathlib import Path

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import process

# Third numbers of the private networks (RFC 1918) that sites use; OpenStack's development clouds begin with 172.24.4.
NUMBERS = range(4, 255)
LISTEN = "0A"  # tcp state in /proc/net/tcp, proc(5)
# Addresses of a listener that take a port of 127.0.0.1, as these tables write them: words in the processor's order.
TAKING = {"00000000", "0100007F", "0" * 32, "0000000000000000FFFF00000100007F"}


def is_free(port: int) -> bool:
    """Tell whether a TCP port of 127.0.0.1 can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listener(port: int) -> str:
    """Tell which process listens on a TCP port of 127.0.0.1: ``process 12 (nginx)``; empty if none is found."""
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():  # a kernel without IPv6
            continue
        for fields in map(str.split, table.read_text().splitlines()[1:]):
            address, _, number = fields[1].partition(":")
            if fields[3] == LISTEN and int(number, 16) == port and address in TAKING:
                inodes.add(fields[9])
    if not inodes:
        return ""
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # the process has gone
            for descriptor in (folder / "fd").iterdir():
                if _leads_to(descriptor) in sockets:
                    return f"process {folder.name} ({(folder / 'comm').read_text().strip()})"
    return ""


def _leads_to(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # it has been closed
        return ""


def free_number() -> int:
    """Give a number whose networks 172.24.<number>.0/24 and 172.25.<number>.0/24 no route of this host overlaps.

    :raises EnvironmentLacksError: all are taken
    """
    routes = json.loads(process.run(["ip", "-json", "-4", "route", "show", "table", "all"]).stdout or b"[]")
    taken = [ipaddress.ip_network(route["dst"], strict=False) for route in routes if route["dst"] != "default"]
    for number in NUMBERS:
        candidates = [ipaddress.ip_network(f"172.{second}.{number}.0/24") for second in (24, 25)]
        if not any(candidate.overlaps(network) for candidate in candidates for network in taken):
            return number
    raise EnvironmentLacksError(
        "no pair of networks of 172.24.0.0/16 and 172.25.0.0/16 is free for the cloud",
        why="this host has routes to each",
        fix="remove a site that is no longer used: stackwright destroy",
    )


def device_to(wanted: str) -> str:
    """Tell through which device this host reaches a network by a route of its own; empty if it has none."""
    routes = json.loads(process.run(["ip", "-json", "-4", "route", "show", "exact", wanted]).stdout or b"[]")
    return str(routes[0]["dev"]) if routes else ""
