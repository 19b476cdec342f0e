"""What a cloud says of itself: its services, their versions and extensions, its hosts. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keystoneauth1.discover import version_to_string
from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException
from os_service_types import ServiceTypes

from stackwright.errors import EnvironmentLacksError
from stackwright.proof.tempest.under_test import api_failed

if TYPE_CHECKING:
    from openstack.connection import Connection

    from stackwright.proof.tempest.under_test import CloudUnderTest

# Official type (service-types.openstack.org) -> the option of [service_available], and the section of tempest.conf.
SERVICES = {
    "compute": ("nova", "compute"),
    "network": ("neutron", "network"),
    "image": ("glance", "image"),
    "block-storage": ("cinder", "volume"),
    "object-store": ("swift", "object-storage"),
}
WITH_MICROVERSIONS = ("compute", "placement", "block-storage")
# Relations of keystone's JSON home (docs.openstack.org/api/openstack-identity/3) -> the option they stand for.
IDENTITY = {"/ext/OS-TRUST/1.0/rel/trusts": "trust", "/rel/access_rules": "access_rules"}


@dataclass(frozen=True)
class Features:
    """What a cloud has.

    :param types: official type of a service -> its type in this cloud's catalogue
    :param microversions: official type -> the lowest and the highest
    :param identity: options of [identity-feature-enabled] that it has
    :param extensions: aliases of the network service's
    :param allocates: a project without a network can have one made (auto-allocated-topology)
    :param formats: of disks, and of containers, that the image service takes
    :param imports: its ways to import images
    :param stores: how many stores of images can be chosen from
    :param hosts: how many compute hosts are up and take servers
    :param hypervisor: the type of the first, as it calls itself
    :param backups: volumes can be backed up
    :param external: id and name of a network that leads to the outside
    """

    types: Mapping[str, str]
    microversions: Mapping[str, tuple[str, str]]
    identity: frozenset[str] = frozenset()
    extensions: tuple[str, ...] = ()
    allocates: bool = False
    formats: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    imports: tuple[str, ...] = ()
    stores: int = 0
    hosts: int = 0
    hypervisor: str = ""
    backups: bool = False
    external: tuple[str, str] | None = None

    def __str__(self) -> str:
        """Give the most of it in one line."""
        known = [name for name in SERVICES if name in self.types]
        parts = [f"{', '.join(known)} beside identity"]
        parts += [f"{name} {low} to {high}" for name, (low, high) in self.microversions.items()]
        if self.extensions:
            parts.append(f"{len(self.extensions)} network extensions")
        if "compute" in self.types:
            parts.append(f"{self.hosts} compute host{'' if self.hosts == 1 else 's'} ({self.hypervisor or 'unknown'})")
        return "; ".join(parts)


def discover(cloud: CloudUnderTest) -> Features:
    """Ask a cloud what it has.

    :raises EnvironmentLacksError: we are not its administrator
    :raises RunFailedError: an API does not answer as it should
    """
    try:
        return _discover(cloud)
    except (SDKException, ClientException) as error:
        if getattr(error, "http_status", getattr(error, "status_code", None)) == 403:
            raise EnvironmentLacksError(
                f"tempest needs the administrator of the cloud {cloud.name}",
                why=str(error),
                fix="name another entry of clouds.yaml",
            ) from error
        raise api_failed("the cloud does not say what it has", error) from error


def _discover(cloud: CloudUnderTest) -> Features:
    connection = cloud.connection
    types = official_types(_catalogue(connection), cloud.region, cloud.interface)
    microversions = {}
    for name in WITH_MICROVERSIONS:
        data = getattr(connection, name.replace("-", "_")).get_endpoint_data() if name in types else None
        if data is not None and data.max_microversion:
            microversions[name] = (version_to_string(data.min_microversion), version_to_string(data.max_microversion))
    more: dict[str, Any] = {}
    if "network" in types:
        more |= _network(connection)
    if "image" in types:
        more |= _image(connection)
    if "compute" in types:
        services = list(connection.compute.services(binary="nova-compute"))
        more["hosts"] = sum(service.state == "up" and service.status == "enabled" for service in services)
        first = next(iter(connection.compute.hypervisors(details=True)), None)
        more["hypervisor"] = (first.hypervisor_type if first else "") or ""
    if "block-storage" in types:
        volumes: Any = connection.block_storage
        more["backups"] = any(service.binary == "cinder-backup" for service in volumes.services())
    return Features(types=types, microversions=microversions, identity=_identity(cloud), **more)


def official_types(catalogue: list[dict[str, Any]], region: str, interface: str) -> dict[str, str]:
    """Give the services that a catalogue has at this place: official type -> its type there. A pure function."""
    names = ServiceTypes()
    found: dict[str, str] = {}
    for service in catalogue:
        here = [
            endpoint
            for endpoint in service.get("endpoints", ())
            if endpoint.get("interface") == interface and (not region or endpoint.get("region_id") == region)
        ]
        official = names.get_service_type(service["type"]) or service["type"]
        # Of several types of one service, the official one is its newest.
        if here and (official not in found or service["type"] == official):
            found[official] = service["type"]
    return found


def _catalogue(connection: Connection) -> list[dict[str, Any]]:
    session: Any = connection.session
    catalogue: list[dict[str, Any]] = session.auth.get_access(session).service_catalog.catalog
    return catalogue


def _identity(cloud: CloudUnderTest) -> frozenset[str]:
    session: Any = cloud.connection.session
    answer = session.get(cloud.auth_url, headers={"Accept": "application/json-home"}, authenticated=False)
    relations = answer.json().get("resources", {})
    return frozenset(name for end, name in IDENTITY.items() if any(relation.endswith(end) for relation in relations))


def _network(connection: Connection) -> dict[str, Any]:
    network: Any = connection.network
    extensions = tuple(sorted(extension.alias for extension in network.extensions()))
    allocates = False
    if "auto-allocated-topology" in extensions:
        # It is there in every neutron, and works where there are a default pool and a default network to the outside.
        place = f"/auto-allocated-topology/{connection.current_project_id}"
        allocates = network.get(place, params={"fields": "dry-run"}).status_code == 200
    external = [net for net in network.networks(is_router_external=True) if net.is_admin_state_up and net.subnet_ids]
    first = min(external, key=lambda net: (not net.is_default, net.name), default=None)
    return {
        "extensions": extensions,
        "allocates": allocates,
        "external": (first.id, first.name) if first else None,
    }


def _image(connection: Connection) -> dict[str, Any]:
    image: Any = connection.image
    schema = image.get("/schemas/image").json()["properties"]
    disks, containers = (
        tuple(str(one) for one in schema[name]["enum"] if one) for name in ("disk_format", "container_format")
    )
    imports = image.get("/info/import").json().get("import-methods", {}).get("value", ())
    stores = image.get("/info/stores")
    return {
        "formats": (disks, containers),
        "imports": tuple(imports),
        "stores": len(stores.json()["stores"]) if stores.status_code == 200 else 0,
    }
