"""ping: whether a host answers."""

from __future__ import annotations

from stackwright.tools import process


def answers(address: str) -> bool:
    """Send one echo request, and tell whether the answer came within a second.

    :raises EnvironmentLacksError: ping is not installed
    """
    return process.run(["ping", "-n", "-q", "-c", "1", "-W", "1", address], check=False).status == 0
