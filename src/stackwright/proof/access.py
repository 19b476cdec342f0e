"""How a proof gets at a cloud: its APIs, and this machine's own view of its servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.site.access import Access
    from stackwright.targets.local.cloud import Cloud


@dataclass(frozen=True)
class CloudAccess:
    """A cloud on this machine, as its administrator.

    :param api: what its APIs want to know
    :param instances: nova's folder of servers' files
    :param libvirt_uri: of the libvirt that runs the servers
    :param namespace: the network namespace with the servers' devices
    :param outside: first three numbers of the /24 network that stands for the outside world, whose first address is
        the gateway
    :param physical_network: neutron's name for it
    """

    api: Access
    instances: Path
    libvirt_uri: str
    namespace: str
    outside: str
    physical_network: str = "public"


def access_to(cloud: Cloud) -> CloudAccess:
    """Give the access to a cloud of the local target."""
    return CloudAccess(
        api=cloud.access,
        instances=cloud.paths.data("nova") / "instances",
        libvirt_uri=cloud.renderer("nova").text("{{ shared.libvirt.uri }}"),
        namespace=cloud.state.namespace,
        outside=cloud.state.outside,
    )
