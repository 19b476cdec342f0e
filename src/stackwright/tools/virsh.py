"""virsh: libvirt's guests."""

from __future__ import annotations

from stackwright.tools import process


def domains(uri: str) -> frozenset[str]:
    """Give the UUIDs of all guests that a libvirt knows, whether they run or not.

    :raises RunFailedError: libvirt does not answer
    """
    return frozenset(process.run(["virsh", "--connect", uri, "list", "--all", "--uuid"]).text.split())
