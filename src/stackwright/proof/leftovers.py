"""What a server leaves behind: in the cloud's books, and on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.tools import namespaces, virsh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openstack.compute.v2.server import Server
    from openstack.connection import Connection

    from stackwright.proof.access import ServersAccess

TAP_NAME = 14  # characters: "tap" and the beginning of the port's id, as much as fits Linux's 15 bytes


@dataclass(frozen=True)
class Traces:
    """Where to look for what was a server's.

    :param ports: the ids of its ports
    """

    server: str
    ports: tuple[str, ...]


def traces_of(connection: Connection, server: Server) -> Traces:
    """Note down where a server that is there could leave something."""
    return Traces(server.id, tuple(port.id for port in connection.network.ports(device_id=server.id)))


def leftovers(connection: Connection, access: ServersAccess, traces: Traces) -> tuple[str, ...]:
    """Give what is there of a server: all that it has while it lives, nothing after its deletion."""
    return (
        *_ports(connection, traces),
        *_volumes(connection, traces),
        *_taps(access, traces),
        *(f"domain {domain}" for domain in virsh.domains(access.libvirt_uri) if domain == traces.server),
        *(f"file {path}" for path in sorted(access.instances.glob(f"{traces.server}*"))),
    )


def _ports(connection: Connection, traces: Traces) -> Iterator[str]:
    for port in connection.network.ports():
        if port.id in traces.ports or port.device_id == traces.server:
            yield f"port {port.id}"


def _volumes(connection: Connection, traces: Traces) -> Iterator[str]:
    if not connection.has_service("block-storage"):
        return
    for volume in connection.block_storage.volumes():
        if any(attachment["server_id"] == traces.server for attachment in volume.attachments):
            yield f"volume {volume.id}"


def _taps(access: ServersAccess, traces: Traces) -> Iterator[str]:
    devices = namespaces.devices(access.namespace)
    for port in traces.ports:
        tap = f"tap{port}"[:TAP_NAME]
        if tap in devices:
            yield f"tap {tap}"
