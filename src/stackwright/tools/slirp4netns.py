"""slirp4netns: a way out of a network namespace that changes nothing of this machine's network (slirp4netns(1)).

It is a program like any other that connects to somewhere; so neither forwarding nor a firewall's rule is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

DEVICE = "tap0"
# Inside: this machine's loopback, and what asks this machine's name servers. QEMU's user network has the same.
HOST, NAMESERVER = "10.0.2.2", "10.0.2.3"


def argv(pid: int, *, host: bool) -> list[str]:
    """Give the command line.

    :param pid: a process in the namespace
    :param host: whether this machine's loopback can be reached from inside, at HOST
    """
    closed = () if host else ("--disable-host-loopback",)
    return ["slirp4netns", "--configure", "--mtu=65520", *closed, str(pid), DEVICE]


def running(pid: int, *, host: bool, log: Path) -> AbstractContextManager[Callable[[], bool]]:
    """Let the namespace of a process have a way out while the block runs.

    :raises EnvironmentLacksError: it is not installed
    """
    process.find("slirp4netns")
    return process.running(argv(pid, host=host), log=log)
