"""How a proof gets at a cloud: its APIs, and this machine's own view of its servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.site.access import Access
    from stackwright.targets.local.cloud import Cloud


SERVERS = "nova"


@dataclass(frozen=True)
class Outside:
    """The network that stands for the outside world of a cloud on this machine.

    :param subnet: the first three numbers of its /24, whose first address is the gateway
    :param physical_network: neutron's name for it
    """

    subnet: str
    physical_network: str = "public"


@dataclass(frozen=True)
class CloudAccess:
    """A cloud on this machine, as its administrator.

    :param api: what its APIs want to know
    :param services: its services -> the type of their APIs, of those that have one
    :param ports: on 127.0.0.1, by their names: ``bind-dns``
    """

    api: Access
    services: Mapping[str, str]
    ports: Mapping[str, int]


@dataclass(frozen=True)
class ServersAccess(CloudAccess):
    """One that has servers.

    :param instances: nova's folder of servers' files
    :param libvirt_uri: of the libvirt that runs the servers
    :param namespace: the network namespace with the servers' devices
    """

    instances: Path
    libvirt_uri: str
    namespace: str
    outside: Outside


def outside_of(cloud: Cloud) -> Outside:
    """Give the outside world of a cloud of the local target; it has one, whatever its services are."""
    return Outside(cloud.state.outside)


def access_to(cloud: Cloud) -> CloudAccess:
    """Give the access to a cloud of the local target, be it with servers or without."""
    types = {name: entry.identity.type if entry.identity else "" for name, entry in cloud.selection.services.items()}
    if SERVERS not in types:
        return CloudAccess(cloud.access, types, cloud.state.ports)
    return ServersAccess(
        api=cloud.access,
        services=types,
        ports=cloud.state.ports,
        instances=cloud.paths.data(SERVERS) / "instances",
        libvirt_uri=cloud.renderer(SERVERS).text("{{ shared.libvirt.uri }}"),
        namespace=cloud.state.namespace,
        outside=outside_of(cloud),
    )


def with_servers(access: CloudAccess) -> ServersAccess:
    """Give the access to a cloud that has to have servers.

    :raises InputError: it has no service that makes them
    """
    if not isinstance(access, ServersAccess):
        raise InputError(
            f"the site has no {SERVERS}",
            why="this is about a server",
            fix="without options, `stackwright smoke` proves the services that are there",
        )
    return access
