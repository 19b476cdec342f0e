"""What a run made in a cloud and what is left of it: found by the run's own domain and by its prefix, and removed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from keystoneauth1.exceptions import ClientException
from openstack.exceptions import ConflictException, HttpException, NotFoundException, SDKException

from stackwright.errors import RunFailedError
from stackwright.proof import scene
from stackwright.proof.tempest.under_test import api_failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from openstack.connection import Connection

    from stackwright.proof.tempest.under_test import CloudUnderTest

# What a project has of the network service besides floating IPs and routers, in an order in which it can be deleted.
NETWORK = {
    "ports": "port",
    "networks": "network",
    "subnet_pools": "subnet_pool",
    "address_scopes": "address_scope",
    "security_groups": "security_group",
    "qos_policies": "qos_policy",
    "rbac_policies": "rbac_policy",
}
ROUTER_PORTS = ("network:router_interface", "network:router_interface_distributed", "network:ha_router_replicated")


def prefixes_in(cloud: CloudUnderTest, prefix: str) -> tuple[str, ...]:
    """Give the prefixes of the runs that have left something whose name begins so: their domains, flavors, images."""
    connection: Any = cloud.connection
    names = [domain.name for domain in connection.identity.domains()]
    names += [flavor.name for flavor in connection.compute.flavors()] if cloud_has(connection, "compute") else []
    names += [image.name or "" for image in connection.image.images()] if cloud_has(connection, "image") else []
    length = len(prefix) + 6
    return tuple(sorted({name[:length] for name in names if name.startswith(prefix)}))


def cloud_has(connection: Connection, service: str) -> bool:
    """Tell whether a cloud has a service."""
    return bool(connection.has_service(service))


def remove_all(cloud: CloudUnderTest, prefix: str) -> tuple[str, ...]:
    """Remove all that a run made, and give what it was.

    Everything in projects of the run's domain is its own, and everything anywhere whose name begins with its prefix.

    :param prefix: the run's own
    :raises RunFailedError: something cannot be removed
    """
    remover = _Remover(cloud.connection, prefix)
    try:
        remover.remove()
    except (SDKException, ClientException) as error:
        raise api_failed("what tempest left cannot be removed", error) from error
    if remover.stuck:
        raise RunFailedError(
            f"{len(remover.stuck)} of the things that tempest left cannot be removed",
            details="\n".join(f"    {line}" for line in remover.stuck[:20]),
            fix="remove them by hand, or again: stackwright tempest --clean",
        )
    return tuple(remover.removed)


class _Remover:
    def __init__(self, connection: Connection, prefix: str) -> None:
        self.cloud: Any = connection
        self.prefix = prefix
        self.removed: list[str] = []
        self.stuck: list[str] = []
        identity: Any = connection.identity
        self.domains = {domain.id: domain for domain in identity.domains() if self._ours(domain.name)}
        self.projects = {
            project.id
            for project in identity.projects()
            if project.domain_id in self.domains or self._ours(project.name)
        }
        self.users = {
            user.id: user
            for user in (
                *identity.users(),
                *(user for domain in self.domains for user in identity.users(domain_id=domain)),
            )
            if user.domain_id in self.domains or self._ours(user.name)
        }

    def _ours(self, name: str | None) -> bool:
        return bool(name) and str(name).startswith(self.prefix)

    def _is_of_ours(self, thing: Any) -> bool:
        owner = getattr(thing, "project_id", None) or getattr(thing, "owner_id", None) or getattr(thing, "owner", None)
        return owner in self.projects or self._ours(thing.name)

    def remove(self) -> None:
        if cloud_has(self.cloud, "compute"):
            self._compute()
        if cloud_has(self.cloud, "block-storage"):
            self._volumes()
        if cloud_has(self.cloud, "network"):
            self._network()
        if cloud_has(self.cloud, "image"):
            images = self.cloud.image
            self._each("image", filter(self._is_of_ours, images.images()), self._delete_image)
        self._identity()

    def _compute(self) -> None:
        compute = self.cloud.compute
        servers = [server for server in compute.servers(all_projects=True) if self._is_of_ours(server)]
        self._each("server", servers, lambda server: scene.delete_server(self.cloud, server))
        groups = [group for group in compute.server_groups(all_projects=True) if self._is_of_ours(group)]
        self._each("server group", groups, compute.delete_server_group)
        for user in self.users:
            for pair in list(compute.keypairs(user_id=user)):
                self._each("keypair", [pair], lambda pair: compute.delete_keypair(pair, user_id=user))  # noqa: B023
        for aggregate in [one for one in compute.aggregates() if self._ours(one.name)]:
            for host in aggregate.hosts or ():
                compute.remove_host_from_aggregate(aggregate, host)
            self._each("aggregate", [aggregate], compute.delete_aggregate)
        flavors = [one for one in compute.flavors(is_public=None) if self._ours(one.name)]
        self._each("flavor", flavors, compute.delete_flavor)

    def _volumes(self) -> None:
        volumes = self.cloud.block_storage
        for kind in ("backup", "snapshot", "volume"):
            things = [
                one for one in getattr(volumes, f"{kind}s")(details=True, all_projects=True) if self._is_of_ours(one)
            ]
            self._each(kind, things, getattr(volumes, f"delete_{kind}"))
        self._each("volume type", [one for one in volumes.types() if self._ours(one.name)], volumes.delete_type)

    def _network(self) -> None:
        network = self.cloud.network
        addresses = [one for one in network.ips() if one.project_id in self.projects]
        self._each("floating IP", addresses, network.delete_ip)
        for router in [one for one in network.routers() if self._is_of_ours(one)]:
            for port in network.ports(device_id=router.id):
                if port.device_owner in ROUTER_PORTS:
                    with suppress(HttpException):  # a route needs it; the router's deletion says so
                        network.remove_interface_from_router(router, port=port.id)
            self._each("router", [router], network.delete_router)
        for kind, one_kind in NETWORK.items():
            with suppress(NotFoundException):  # the network service does not have this kind
                things = [one for one in getattr(network, kind)() if self._is_of_ours(one)]
                if kind == "ports":
                    things = [one for one in things if not str(one.device_owner).startswith("network:")]
                self._each(one_kind.replace("_", " "), things, getattr(network, f"delete_{one_kind}"))

    def _delete_image(self, image: Any) -> None:
        if image.is_protected:
            self.cloud.image.update_image(image, is_protected=False)
        self.cloud.image.delete_image(image)

    def _identity(self) -> None:
        identity = self.cloud.identity
        self._each("user", self.users.values(), identity.delete_user)
        groups = [
            group
            for group in (
                *identity.groups(),
                *(one for domain in self.domains for one in identity.groups(domain_id=domain)),
            )
            if group.domain_id in self.domains or self._ours(group.name)
        ]
        self._each("group", {group.id: group for group in groups}.values(), identity.delete_group)
        # A project can be deleted when those inside it are gone, and no call gives them in that order.
        for _ in range(len(self.projects)):
            left = [one for one in identity.projects() if one.id in self.projects and not one.is_domain]
            parents = {one.parent_id for one in left}
            if not left:
                break
            self._each("project", [one for one in left if one.id not in parents], identity.delete_project)
        self._each("role", [one for one in self._roles() if self._ours(one.name)], identity.delete_role)
        services = [one for one in identity.services() if self._ours(one.name)]
        self._each("service", services, identity.delete_service)
        regions = [one for one in identity.regions() if self._ours(one.description) or self._ours(one.id)]
        self._each("region", regions, identity.delete_region)
        for domain in self.domains.values():
            identity.update_domain(domain, is_enabled=False)
            self._each("domain", [domain], identity.delete_domain)

    def _roles(self) -> Iterator[Any]:
        yield from self.cloud.identity.roles()
        for domain in self.domains:
            yield from self.cloud.identity.roles(domain_id=domain)

    def _each(self, kind: str, things: Iterable[Any], delete: Callable[[Any], object]) -> None:
        for thing in things:
            label = f"{kind} {getattr(thing, 'name', None) or thing.id}"
            try:
                delete(thing)
            except NotFoundException:
                continue  # something else took it along
            except ConflictException as error:
                self.stuck.append(f"{label}: {error}")
                continue
            self.removed.append(label)
