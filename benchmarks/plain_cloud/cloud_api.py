"""What plain-cloud.sh asks of the cloud's APIs, with nothing but the standard library.

python3 cloud_api.py STATE PORT_BASE catalog                           register the services in keystone
python3 cloud_api.py STATE PORT_BASE agents                            succeed if OVN's agents are alive
python3 cloud_api.py STATE PORT_BASE service NAME                      succeed if a service of nova is up
python3 cloud_api.py STATE PORT_BASE guest IMAGE OUTSIDE TENANT BEGIN  boot a guest, wait until one can log in
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable

# What is added to the first port, as in plain-cloud.sh; and where each API begins.
OFFSETS = {"identity": 10, "image": 11, "placement": 12, "compute": 13, "network": 15}
ROOTS = {"identity": "/v3", "image": "/v2", "placement": "", "compute": "/v2.1", "network": "/v2.0"}
SERVICES = {"glance": "image", "placement": "placement", "nova": "compute", "neutron": "network"}
AGENTS = {"ovn-controller", "neutron-ovn-metadata-agent"}
BLANK_DISK = bytes(1 << 20)
# The config drive is a CD, which the guest knows how to read from this controller only.
HARDWARE = {"hw_cdrom_bus": "scsi", "hw_scsi_model": "virtio-scsi", "hw_video_model": "vga"}
PATIENCE = 120.0  # seconds
PAUSE = 0.25  # seconds between two looks


class Api:
    """The cloud's APIs, as its administrator."""

    def __init__(self, state: Path, port_base: int) -> None:
        self._state = state
        self._port_base = port_base
        self._token = ""
        self._token = self._new_token()

    def secret(self, name: str) -> str:
        """Give one of the passwords that plain-cloud.sh made."""
        return (self._state / "secret" / name).read_text().strip()

    def port(self, service: str) -> int:
        """Give the port of a service's API."""
        return self._port_base + OFFSETS[service]

    def get(self, service: str, path: str, **query: str) -> Any:
        """Give what a service answers."""
        return self._json(service, "GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, service: str, path: str, body: object) -> Any:
        """Make something, and give what the service says it is."""
        return self._json(service, "POST", path, body)

    def put(self, service: str, path: str, body: object = None) -> None:
        """Set something."""
        self._json(service, "PUT", path, body)

    def upload(self, service: str, path: str, data: bytes) -> None:
        """Send bytes."""
        self._send(service, "PUT", path, data, "application/octet-stream")

    def _new_token(self) -> str:
        user = {"name": "admin", "domain": {"id": "default"}, "password": self.secret("admin")}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": "admin", "domain": {"id": "default"}}},
            }
        }
        headers, _ = self._send("identity", "POST", "/auth/tokens", json.dumps(body).encode())
        return headers["X-Subject-Token"]

    def _json(self, service: str, method: str, path: str, body: object = None) -> Any:
        _, data = self._send(service, method, path, None if body is None else json.dumps(body).encode())
        return json.loads(data) if data else None

    def _send(
        self, service: str, method: str, path: str, data: bytes | None, content_type: str = "application/json"
    ) -> tuple[http.client.HTTPMessage, bytes]:
        headers = {"Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = content_type
        if self._token:
            headers["X-Auth-Token"] = self._token
        connection = http.client.HTTPConnection("127.0.0.1", self.port(service), timeout=PATIENCE)
        try:
            connection.request(method, ROOTS[service] + path, data, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= http.client.BAD_REQUEST:
            sys.exit(f"{method} {service} {path}: {response.status} {answer[:600]!r}")
        return response.headers, answer


class Laps:
    """Tells the time after each step, as plain-cloud.sh does."""

    def __init__(self, begin: float) -> None:
        self._begin = begin
        self._previous = time.time()

    def __call__(self, what: str) -> None:
        """Print the seconds since the beginning, those since the last step, and what was done in them."""
        now = time.time()
        print(f"{now - self._begin:7.1f} s  +{now - self._previous:5.1f}  {what}", flush=True)
        self._previous = now


def register_services(api: Api) -> None:
    """Give each service a user and a place in keystone's catalog."""
    project = {"name": "service", "domain_id": "default"}
    project_id = api.post("identity", "/projects", {"project": project})["project"]["id"]
    roles = {role["name"]: role["id"] for role in api.get("identity", "/roles")["roles"]}
    for name, kind in SERVICES.items():
        user = {"name": name, "domain_id": "default", "password": api.secret(f"keystone-{name}")}
        user_id = api.post("identity", "/users", {"user": user})["user"]["id"]
        for role in ("admin", "service"):
            api.put("identity", f"/projects/{project_id}/users/{user_id}/roles/{roles[role]}")
        service = {"name": name, "type": kind}
        service_id = api.post("identity", "/services", {"service": service})["service"]["id"]
        endpoint = {
            "service_id": service_id,
            "interface": "public",
            "region_id": "RegionOne",
            "url": f"http://127.0.0.1:{api.port(kind)}" + ("/v2.1" if kind == "compute" else ""),
        }
        api.post("identity", "/endpoints", {"endpoint": endpoint})


def agents_alive(api: Api) -> bool:
    """Tell whether neutron hears from OVN's controller and from the metadata agent."""
    return {agent["binary"] for agent in api.get("network", "/agents")["agents"] if agent["alive"]} >= AGENTS


def service_up(api: Api, name: str) -> bool:
    """Tell whether a service of nova is up; for nova-compute also whether the scheduler sees its inventory."""
    services = api.get("compute", "/os-services", binary=name)["services"]
    if not any(service["state"] == "up" for service in services):
        return False
    return name != "nova-compute" or has_inventory(api)


def has_inventory(api: Api) -> bool:
    """Tell whether placement knows what the compute host can give."""
    providers = api.get("placement", "/resource_providers")["resource_providers"]
    paths = [f"/resource_providers/{provider['uuid']}/inventories" for provider in providers]
    return any(api.get("placement", path)["inventories"] for path in paths)


def boot_guest(api: Api, image: Path, outside: str, tenant: str, begin: float) -> None:
    """Boot a guest and wait for its lease, its metadata and its login prompt.

    :param image: folder with the guest's ``kernel`` and ``initrd``
    :param outside: the first three numbers of the addresses outside
    :param tenant: those of the guest's network
    :param begin: when the clock started, in seconds since the epoch
    """
    lap = Laps(begin)
    image_id = make_images(api, image)
    lap("images")
    network_id = make_networks(api, outside, tenant)
    flavor = {"name": "tiny", "ram": 128, "vcpus": 1, "disk": 0}
    flavor_id = api.post("compute", "/flavors", {"flavor": flavor})["flavor"]["id"]
    lap("networks, flavor")
    wanted = {"name": "first", "imageRef": image_id, "flavorRef": flavor_id, "networks": [{"uuid": network_id}]}
    path = f"/servers/{api.post('compute', '/servers', {'server': wanted})['server']['id']}"
    server = wait_for("the server to be ACTIVE", lambda: active(api, path))
    lap(f"server ACTIVE on {server['OS-EXT-SRV-ATTR:host']}")
    address = server["addresses"]["private"][0]["addr"]
    wait_for("the lease", lambda: on_console(api, path, f"lease: {re.escape(address)}/"))
    lap(f"lease {address} on the console")
    metadata = wait_for("metadata", lambda: on_console(api, path, r"metadata: (ok|failed) .*\n"))
    lap(metadata[0].strip())
    if metadata[1] != "ok":
        sys.exit("the guest could not read its metadata")
    wait_for("the login prompt", lambda: on_console(api, path, "login:"))
    lap("login prompt")


def make_images(api: Api, folder: Path) -> str:
    """Upload the guest, and give the id of the image that boots it: a blank disk, which names kernel and initrd."""
    boots = {
        "kernel_id": make_image(api, "kernel", "aki", "aki", (folder / "kernel").read_bytes()),
        "ramdisk_id": make_image(api, "initrd", "ari", "ari", (folder / "initrd").read_bytes()),
        "os_command_line": "console=ttyS0 quiet",
    }
    return make_image(api, "guest", "raw", "bare", BLANK_DISK, **boots, **HARDWARE)


def make_image(api: Api, name: str, form: str, container: str, data: bytes, **properties: str) -> str:
    """Upload an image, and give its id."""
    image = {"name": name, "visibility": "public", "disk_format": form, "container_format": container, **properties}
    image_id: str = api.post("image", "/images", image)["id"]
    api.upload("image", f"/images/{image_id}/file", data)
    return image_id


def make_networks(api: Api, outside: str, tenant: str) -> str:
    """Make a network for guests, routed to the outside, and give its id; its guests can be pinged and asked by HTTP."""

    def make(kind: str, **fields: object) -> Any:
        return api.post("network", f"/{kind}s", {kind: fields})[kind]

    flat = {"router:external": True, "provider:network_type": "flat", "provider:physical_network": "public"}
    public = make("network", name="public", **flat)
    make(
        "subnet",
        name="public",
        network_id=public["id"],
        ip_version=4,
        cidr=f"{outside}.0/24",
        gateway_ip=f"{outside}.1",
        enable_dhcp=False,
        allocation_pools=[{"start": f"{outside}.100", "end": f"{outside}.200"}],
    )
    private = make("network", name="private")
    subnet = make("subnet", name="private", network_id=private["id"], ip_version=4, cidr=f"{tenant}.0/24")
    router = make("router", name="router", external_gateway_info={"network_id": public["id"]})
    api.put("network", f"/routers/{router['id']}/add_router_interface", {"subnet_id": subnet["id"]})
    groups = api.get("network", "/security-groups", name="default", project_id=private["project_id"])
    let_in = {"security_group_id": groups["security_groups"][0]["id"], "direction": "ingress"}
    for what in ({"protocol": "icmp"}, {"protocol": "tcp", "port_range_min": 80, "port_range_max": 80}):
        api.post("network", "/security-group-rules", {"security_group_rule": {**let_in, **what}})
    network_id: str = private["id"]
    return network_id


def active(api: Api, path: str) -> Any:
    """Give the server if it is ACTIVE."""
    server = api.get("compute", path)["server"]
    if server["status"] == "ERROR":
        sys.exit(json.dumps(server.get("fault")))
    return server if server["status"] == "ACTIVE" else None


def on_console(api: Api, path: str, pattern: str) -> re.Match[str] | None:
    """Find something in what the guest has written on its console so far."""
    log = api.post("compute", f"{path}/action", {"os-getConsoleOutput": {}})["output"]
    return re.search(pattern, log or "")


def wait_for(what: str, look: Callable[[], Any]) -> Any:
    """Look until there is something to see, and give it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(PAUSE)
    sys.exit(f"waited in vain for {what}")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Ask the plain cloud's APIs.")
    parser.add_argument("state", type=Path)
    parser.add_argument("port_base", type=int)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("catalog")
    verbs.add_parser("agents")
    verbs.add_parser("service").add_argument("name")
    guest = verbs.add_parser("guest")
    guest.add_argument("image", type=Path)
    guest.add_argument("outside")
    guest.add_argument("tenant")
    guest.add_argument("begin", type=float)
    given = parser.parse_args()
    api = Api(given.state, given.port_base)
    if given.verb == "catalog":
        register_services(api)
    elif given.verb == "agents":
        sys.exit(0 if agents_alive(api) else 1)
    elif given.verb == "service":
        sys.exit(0 if service_up(api, given.name) else 1)
    else:
        boot_guest(api, given.image, given.outside, given.tenant, given.begin)


if __name__ == "__main__":
    main()
