"""What a server needs around it, each thing found by its name or made; and the removal of all things of a name."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from keystoneauth1.exceptions import ClientException
from openstack.exceptions import ConflictException, NotFoundException, SDKException

from stackwright.errors import CheckFailedError
from stackwright.proof.guest import COMMAND_LINE
from stackwright.proof.guest.console import plain
from stackwright.proof.report import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from openstack.compute.v2.flavor import Flavor
    from openstack.compute.v2.server import Server
    from openstack.connection import Connection
    from openstack.image.v2.image import Image
    from openstack.network.v2.floating_ip import FloatingIP
    from openstack.network.v2.network import Network
    from openstack.network.v2.router import Router
    from openstack.network.v2.security_group import SecurityGroup

    from stackwright.proof.access import Outside
    from stackwright.proof.guest import GuestImage

MEMORY = 128  # MiB
DISK = 1  # GiB, of which only what is written takes room
BLANK_DISK = bytes(1 << 20)
INSIDE = "10.0.0.0/24"
# The config drive is a CD, which the guest knows how to read from this controller only. The picture is a plain VGA's:
# the kernel has no driver for the better ones.
HARDWARE = {"hw_cdrom_bus": "scsi", "hw_scsi_model": "virtio-scsi", "hw_video_model": "vga"}
PATIENCE = 120.0  # seconds
CONSOLE_LINES = 20  # of a server that is in trouble
Thing = TypeVar("Thing")


def ensure_image(connection: Connection, name: str, guest: GuestImage) -> Image:
    """Give the image that boots the guest: a blank disk, which names the images of its kernel and initrd."""
    images: Any = connection.image  # the SDK declares it to be of version 1 or 2

    def upload(what: str, form: str, container: str, data: bytes, **properties: str) -> Image:
        image: Image = images.create_image(
            what, data=data, disk_format=form, container_format=container, allow_duplicates=True, **properties
        )
        return image

    found: Image | None = next(images.images(name=name), None)
    if found is not None:
        return found
    kernel = upload(f"{name}-kernel", "aki", "aki", guest.kernel.read_bytes())
    initrd = upload(f"{name}-initrd", "ari", "ari", guest.initrd.read_bytes())
    boots = {"kernel_id": kernel.id, "ramdisk_id": initrd.id, "os_command_line": COMMAND_LINE}
    return upload(name, "raw", "bare", BLANK_DISK, **boots, **HARDWARE)


def ensure_flavor(connection: Connection, name: str) -> Flavor:
    """Give a flavor just large enough for the guest."""
    found = next((flavor for flavor in connection.compute.flavors() if flavor.name == name), None)
    return found or connection.compute.create_flavor(name=name, ram=MEMORY, vcpus=1, disk=DISK)


def ensure_outside(connection: Connection, outside: Outside, name: str) -> Network:
    """Give the network that stands for the outside world: a cloud can have one only, whatever its name is."""
    physical = {"provider_network_type": "flat", "provider_physical_network": outside.physical_network}
    found: Network | None = next(connection.network.networks(**physical), None)
    if found is not None:
        return found
    network = connection.network.create_network(name=name, is_router_external=True, **physical)
    connection.network.create_subnet(
        name=name,
        network_id=network.id,
        ip_version=4,
        cidr=f"{outside.subnet}.0/24",
        gateway_ip=f"{outside.subnet}.1",
        allocation_pools=[{"start": f"{outside.subnet}.100", "end": f"{outside.subnet}.200"}],
        is_dhcp_enabled=False,
    )
    return network


def ensure_network(connection: Connection, name: str) -> Network:
    """Give a network with DHCP."""
    network: Network = next(connection.network.networks(name=name), None) or connection.network.create_network(
        name=name
    )
    if not network.subnet_ids:
        connection.network.create_subnet(name=name, network_id=network.id, ip_version=4, cidr=INSIDE)
    return network


def ensure_router(connection: Connection, name: str, inside: Network, outside: Network) -> Router:
    """Give a router between two networks."""
    router: Router = next(connection.network.routers(name=name), None) or connection.network.create_router(
        name=name, external_gateway_info={"network_id": outside.id}
    )
    if not any(connection.network.ports(device_id=router.id, network_id=inside.id)):
        (subnet,) = connection.network.subnets(network_id=inside.id)
        connection.network.add_interface_to_router(router, subnet=subnet.id)
    return router


def ensure_group(connection: Connection, name: str) -> SecurityGroup:
    """Give a security group that lets pings in."""
    group: SecurityGroup | None = next(connection.network.security_groups(name=name), None)
    if group is None:
        group = connection.network.create_security_group(name=name, description="Lets pings in")
    if not any(rule["protocol"] == "icmp" for rule in group.security_group_rules):
        connection.network.create_security_group_rule(
            security_group_id=group.id, direction="ingress", ether_type="IPv4", protocol="icmp"
        )
    return group


def ensure_address(connection: Connection, name: str, outside: Network) -> FloatingIP:
    """Give a floating IP; it has no name, so that its description has to do."""
    found: FloatingIP | None = next(connection.network.ips(description=name), None)
    return found or connection.network.create_ip(floating_network_id=outside.id, description=name)


def attach_address(connection: Connection, address: FloatingIP, server: Server) -> None:
    """Lead a floating IP to a server's only port."""
    (port,) = connection.network.ports(device_id=server.id)
    if address.port_id != port.id:
        connection.network.update_ip(address, port_id=port.id)


def create_server(
    connection: Connection, name: str, *, image: Image, flavor: Flavor, network: Network, group: SecurityGroup
) -> Server:
    """Ask for a server; it is not there yet."""
    return connection.compute.create_server(
        name=name,
        image_id=image.id,
        flavor_id=flavor.id,
        networks=[{"uuid": network.id}],
        security_groups=[{"name": group.id}],
    )


def find_server(connection: Connection, name: str) -> Server | None:
    """Give the server of exactly this name."""
    # Nova takes the name as a regular expression.
    return next((server for server in connection.compute.servers(name=f"^{name}$") if server.name == name), None)


def wait_active(connection: Connection, server: Server) -> Server:
    """Wait until a server is ACTIVE.

    :raises CheckFailedError: it will not be, or not in time
    """

    def look() -> Server | None:
        now = connection.compute.get_server(server.id)
        if now.status == "ERROR":
            raise CheckFailedError(f"nova says: {(now.fault or {}).get('message', 'no reason')}")
        return now if now.status == "ACTIVE" else None

    return wait_for(look, f"the server {server.name} did not become ACTIVE", PATIENCE)


def seen_of(connection: Connection, name: str) -> str:
    """Give what can be seen of a server that does not do what it is to do; empty if that is nothing."""
    lines: list[str] = []
    with suppress(SDKException, ClientException, CheckFailedError):
        found = find_server(connection, name)
        if found is None:
            return ""
        server = connection.compute.get_server(found.id)
        lines.append(f"server {server.name}: {server.status}, {(server.fault or {}).get('message', 'no fault')}")
        for port in connection.network.ports(device_id=server.id):
            addresses = ", ".join(
                f"{one.floating_ip_address} {one.status}" for one in connection.network.ips(port_id=port.id)
            )
            lines.append(f"its port: {port.status}, on {port.binding_host_id}; floating: {addresses or 'none'}")
        log = plain(connection.compute.get_server_console_output(server)["output"])
        lines += ["the end of its console:", *log.strip().splitlines()[-CONSOLE_LINES:]]
    return "\n".join(lines)


def delete_server(connection: Connection, server: Server) -> None:
    """Delete a server and wait until nova knows it no more.

    :raises CheckFailedError: it still does after a while
    """

    def is_gone() -> bool:
        try:
            connection.compute.get_server(server.id)
        except NotFoundException:
            return True
        return False

    connection.compute.delete_server(server)
    wait_for(is_gone, f"the server {server.name} was not deleted", PATIENCE)


def remove(connection: Connection, is_ours: Callable[[str], bool]) -> tuple[str, ...]:
    """Remove all things whose name (or description, where they have no name) is ours, and give what they were.

    :raises CheckFailedError: a server does not go
    """
    removed = []

    def ours(things: Iterable[Thing], kind: str, label: str = "name") -> Iterator[Thing]:
        for thing in things:
            text = getattr(thing, label) or ""
            if is_ours(text):
                yield thing  # to be removed; it has been when the next one is asked for
                removed.append(f"{kind} {text}")

    compute, network = connection.compute, connection.network
    for server in ours(compute.servers(), "server"):
        delete_server(connection, server)
    for address in ours(network.ips(), "floating IP", "description"):
        network.delete_ip(address)
    for router in ours(network.routers(), "router"):
        for port in network.ports(device_id=router.id, device_owner="network:router_interface"):
            network.remove_interface_from_router(router, port=port.id)
        network.delete_router(router)
    for net in ours(network.networks(), "network"):
        with suppress(ConflictException):  # somebody else has come to use our outside network: it stays
            network.delete_network(net)
    for group in ours(network.security_groups(), "security group"):
        network.delete_security_group(group)
    for flavor in ours(compute.flavors(), "flavor"):
        compute.delete_flavor(flavor)
    images: Any = connection.image
    for image in ours(images.images(), "image"):
        images.delete_image(image)
    return tuple(removed)
