"""What `policy matrix` answers is what the running services do: a sample, asked of the real APIs by real users."""

from __future__ import annotations

import secrets
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openstack.exceptions import HttpException, ResourceNotFound

from stackwright.proof.console import connect
from stackwright.site.access import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from openstack.connection import Connection

    from .conftest import Stackwright

pytestmark = pytest.mark.cloud

NAME = "policy-proof"
SERVICES = ("keystone", "glance", "nova", "neutron")
# Roles of our own, and what each implies: as policies/personas.yaml of the example says.
ROLES = {"project_admin": "manager", "project_readonly": "reader"}
PERSONAS = ("manager", "member", "reader", *ROLES)
# What services answer to whom they do not let in: some hide what one may not see.
REFUSALS = {401, 403, 404}
PATIENCE = 60.0  # seconds
MICROVERSION = {"OpenStack-API-Version": "compute 2.93"}


@dataclass(frozen=True)
class Things:
    """A cloud with two projects, somebody of each persona in the first, and things of both to ask about.

    :param as_: the connection of each persona
    :param users: persona -> id
    :param projects: ``ours`` and ``theirs``, as are the images and the networks
    """

    admin: Connection
    as_: dict[str, Connection]
    users: dict[str, str]
    projects: dict[str, str]
    images: dict[str, str]
    networks: dict[str, str]
    server: str
    flavor: str

    def status(self, persona: str, service: str, method: str, path: str, **words: Any) -> int:
        """Ask a service for something, and give the status it answers with."""
        connection = self.as_[persona]
        endpoint = {"service_type": service, "interface": "public", "region_name": connection.config.get_region_name()}
        headers = {**(MICROVERSION if service == "compute" else {}), **words.pop("headers", {})}
        answer = connection.session.request(
            path, method, endpoint_filter=endpoint, raise_exc=False, headers=headers, **words
        )
        return int(answer.status_code)

    def act(self, persona: str, action: dict[str, Any]) -> int:
        """Ask for an action on the server."""
        return self.status(persona, "compute", "POST", f"/servers/{self.server}/action", json=action)


@dataclass(frozen=True)
class Sample:
    """A rule, who asks, what about, and how it is asked."""

    service: str
    rule: str
    persona: str
    target: str
    ask: Callable[[Things, str, str], int]

    def __str__(self) -> str:
        """Name it for the list of tests."""
        return f"{self.service} {self.rule} {self.persona} {self.target}"


def sample(
    service: str, rule: str, asked: dict[str, tuple[str, ...]], ask: Callable[[Things, str, str], int]
) -> list[Sample]:
    """Make a sample for each persona of each target; asking is told the persona and the target."""
    return [Sample(service, rule, persona, target, ask) for target, personas in asked.items() for persona in personas]


def whose(of: dict[str, str], target: str) -> str:
    return of["theirs" if target == "other-project" else "ours"]


def application_credential(things: Things, who: str, _: str) -> int:
    body = {"application_credential": {"name": f"{NAME}-{secrets.token_hex(4)}"}}
    return things.status(who, "identity", "POST", f"/users/{things.users[who]}/application_credentials", json=body)


def credential(things: Things, who: str, _: str) -> int:
    body = {"credential": {"type": "cert", "blob": secrets.token_hex(8), "user_id": things.users[who]}}
    return things.status(who, "identity", "POST", "/credentials", json=body)


def get_user(things: Things, who: str, target: str) -> int:
    asked = who if target == "self" else next(name for name in PERSONAS if name != who)
    return things.status(who, "identity", "GET", f"/users/{things.users[asked]}")


def add_image(things: Things, who: str, _: str) -> int:
    body = {"name": f"{NAME}-made", "disk_format": "raw", "container_format": "bare"}
    return things.status(who, "image", "POST", "/v2/images", json=body)


def tag_image(things: Things, who: str, target: str) -> int:
    return things.status(who, "image", "PUT", f"/v2/images/{whose(things.images, target)}/tags/seen")


def keypair(things: Things, who: str, _: str) -> int:
    name = f"{NAME}-{who}"
    made = things.status(who, "compute", "POST", "/os-keypairs", json={"keypair": {"name": name, "public_key": KEY}})
    if made < 300:
        assert things.status(who, "compute", "DELETE", f"/os-keypairs/{name}") < 300
    return made


def create_server(things: Things, who: str, _: str) -> int:
    body = {"server": {"name": f"{NAME}-made", "flavorRef": things.flavor, "imageRef": things.images["ours"],
                       "networks": "none", "key_name": "there-is-none"}}  # fmt: skip
    return things.status(who, "compute", "POST", "/servers", json=body)


def unlock(things: Things, who: str, _: str) -> int:
    things.admin.compute.lock_server(things.server)
    try:
        return things.act(who, {"unlock": None})
    finally:
        things.admin.compute.unlock_server(things.server)


def create_network(things: Things, who: str, _: str) -> int:
    return things.status(who, "network", "POST", "/v2.0/networks", json={"network": {"name": f"{NAME}-made"}})


KEY = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
TREE = "identity:list_role_assignments_for_tree"
SAMPLES = [
    *sample("keystone", TREE, {"own-project": ("project_admin", "manager"), "other-project": ("project_admin",)},
            lambda things, who, target: things.status(
                who, "identity", "GET", "/role_assignments",
                params={"include_subtree": "true", "scope.project.id": whose(things.projects, target)})),
    *sample("keystone", "identity:create_project_tag",
            {"own-project": ("project_admin", "project_readonly", "manager"), "other-project": ("project_admin",)},
            lambda things, who, target: things.status(
                who, "identity", "PUT", f"/projects/{whose(things.projects, target)}/tags/ours")),
    *sample("keystone", "identity:create_application_credential", {"self": ("project_readonly", "member")},
            application_credential),
    *sample("keystone", "identity:create_credential", {"self": ("project_readonly", "reader")}, credential),
    *sample("keystone", "identity:get_user", {"self": ("project_readonly",), "own-project": ("project_admin",)},
            get_user),
    *sample("glance", "add_image", {"own-project": ("project_readonly", "reader", "project_admin")}, add_image),
    *sample("glance", "get_image", {"own-project": ("project_readonly",), "other-project": ("project_readonly",)},
            lambda things, who, target: things.status(
                who, "image", "GET", f"/v2/images/{whose(things.images, target)}")),
    *sample("glance", "download_image", {"own-project": ("project_readonly", "reader", "member")},
            lambda things, who, target: things.status(
                who, "image", "GET", f"/v2/images/{whose(things.images, target)}/file")),
    *sample("glance", "modify_image", {"own-project": ("project_readonly", "project_admin")}, tag_image),
    *sample("nova", "os_compute_api:servers:show", {"own-project": ("project_readonly", "project_admin")},
            lambda things, who, _: things.status(who, "compute", "GET", f"/servers/{things.server}")),
    *sample("nova", "os_compute_api:servers:create", {"own-project": ("project_readonly", "project_admin")},
            create_server),
    *sample("nova", "os_compute_api:os-keypairs:create", {"self": ("project_readonly", "reader", "project_admin")},
            keypair),
    *sample("nova", "os_compute_api:os-console-output", {"own-project": ("project_readonly", "reader", "member")},
            lambda things, who, _: things.act(who, {"os-getConsoleOutput": {"length": 5}})),
    *sample("nova", "os_compute_api:os-server-diagnostics", {"own-project": ("project_admin", "manager")},
            lambda things, who, _: things.status(who, "compute", "GET", f"/servers/{things.server}/diagnostics")),
    *sample("nova", "os_compute_api:os-lock-server:unlock:unlock_override",
            {"own-project": ("project_admin", "manager")}, unlock),
    *sample("nova", "os_compute_api:os-quota-sets:show",
            {"own-project": ("project_readonly",), "other-project": ("project_admin",)},
            lambda things, who, target: things.status(
                who, "compute", "GET", f"/os-quota-sets/{whose(things.projects, target)}")),
    *sample("nova", "os_compute_api:os-quota-sets:update", {"own-project": ("project_admin",)},
            lambda things, who, target: things.status(
                who, "compute", "PUT", f"/os-quota-sets/{whose(things.projects, target)}",
                json={"quota_set": {"cores": 1000}})),
    *sample("nova", "os_compute_api:os-admin-actions:reset_state",
            {"own-project": ("project_readonly", "manager", "project_admin")},
            lambda things, who, _: things.act(who, {"os-resetState": {"state": "active"}})),
    *sample("neutron", "create_network", {"own-project": ("project_readonly", "project_admin")}, create_network),
    *sample("neutron", "get_network", {"own-project": ("project_readonly",), "other-project": ("project_readonly",)},
            lambda things, who, target: things.status(
                who, "network", "GET", f"/v2.0/networks/{whose(things.networks, target)}")),
    *sample("neutron", "get_network_ip_availability",
            {"own-project": ("project_admin", "manager"), "other-project": ("project_admin",)},
            lambda things, who, target: things.status(
                who, "network", "GET", f"/v2.0/network-ip-availabilities/{whose(things.networks, target)}")),
]  # fmt: skip


def quietly(remove: Callable[..., Any], *words: Any) -> None:
    """Remove something that may be gone already."""
    with suppress(ResourceNotFound):
        remove(*words)


def names_of_ours(listed: Iterable[Any]) -> list[Any]:
    return [one for one in listed if str(one.name).startswith(NAME)]


@pytest.fixture(scope="module")
def things(minicloud: Stackwright) -> Iterator[Things]:
    """Make people, projects and things, and remove them again, whatever comes in between."""
    cloud = yaml.safe_load((minicloud.site / "clouds.yaml").read_text())["clouds"]["local"]
    auth, region = cloud["auth"], cloud["region_name"]
    admin = connect(Access(auth["auth_url"], auth["password"], region))
    identity: Any = admin.identity  # the SDK declares it to be of version 2 or 3
    images: Any = admin.image
    with ExitStack() as stack:
        roles = {role.name: role.id for role in identity.roles()}
        for name, implied in ROLES.items():
            roles[name] = identity.create_role(name=name).id
            stack.callback(quietly, identity.delete_role, roles[name])
            assert identity.put(f"/roles/{roles[name]}/implies/{roles[implied]}").status_code == 201
        projects = {}
        for name in ("ours", "theirs"):
            projects[name] = identity.create_project(name=f"{NAME}-{name}", domain_id="default").id
            stack.callback(quietly, identity.delete_project, projects[name])
        users, as_ = {}, {}
        for persona, project in (*((persona, "ours") for persona in PERSONAS), ("neighbour", "theirs")):
            password, user = secrets.token_urlsafe(16), f"{NAME}-{persona}"
            users[persona] = identity.create_user(name=user, password=password, domain_id="default").id
            stack.callback(quietly, identity.delete_user, users[persona])
            role = roles.get(persona, roles["member"])
            identity.assign_project_role_to_user(projects[project], users[persona], role)
            as_[persona] = connect(Access(auth["auth_url"], password, region, user, f"{NAME}-{project}"))
        flavor = admin.compute.create_flavor(name=NAME, ram=64, vcpus=1, disk=1).id
        stack.callback(quietly, admin.compute.delete_flavor, flavor)
        stack.callback(remove_all, admin.network.networks, admin.network.delete_network)
        stack.callback(remove_all, images.images, images.delete_image)
        stack.callback(remove_servers, admin)
        image_of, network_of = {}, {}
        for name, maker in (("ours", "member"), ("theirs", "neighbour")):
            theirs: Any = as_[maker].image
            data = {"data": bytes(1 << 20), "disk_format": "raw", "container_format": "bare"}
            image_of[name] = theirs.create_image(f"{NAME}-{name}", **data).id
            network_of[name] = as_[maker].network.create_network(name=f"{NAME}-{name}").id
        server = as_["member"].compute.create_server(
            name=NAME, flavor_id=flavor, image_id=image_of["ours"], networks="none"
        )
        # The console and the diagnostics are of a server that is on a host; what comes of it does not matter.
        until = time.monotonic() + PATIENCE
        while admin.compute.get_server(server).status == "BUILD" and time.monotonic() < until:
            time.sleep(0.5)
        yield Things(admin, as_, users, projects, image_of, network_of, server.id, flavor)


def remove_all(listed: Callable[[], Iterable[Any]], remove: Callable[[Any], Any]) -> None:
    for one in names_of_ours(listed()):
        quietly(remove, one)


def remove_servers(admin: Connection) -> None:
    """Remove the servers, and wait: their projects go next."""
    until = time.monotonic() + PATIENCE
    while ours := names_of_ours(admin.compute.servers(all_projects=True, name=NAME)):
        for server in ours:
            with suppress(HttpException):
                admin.compute.delete_server(server, force=True)
        assert time.monotonic() < until, "the servers do not go away"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def answers(minicloud: Stackwright) -> dict[tuple[str, str, str, str], str]:
    rows = minicloud.json("policy", "matrix", *SERVICES)
    return {(row["Service"], row["Rule"], row["Persona"], row["Target"]): row["Answer"] for row in rows}


def test_at_least_twenty_answers_are_asked_of_the_cloud_of_both_kinds(
    answers: dict[tuple[str, str, str, str], str],
) -> None:
    asked = [answers[one.service, one.rule, one.persona, one.target] for one in SAMPLES]
    assert len(asked) >= 20
    assert asked.count("allow") >= 10
    assert asked.count("deny") >= 10
    ours = [one for one in SAMPLES if one.persona in ROLES]
    assert {one.service for one in ours} == set(SERVICES)


@pytest.mark.parametrize("one", SAMPLES, ids=str)
def test_a_service_answers_as_the_matrix_does(
    one: Sample, things: Things, answers: dict[tuple[str, str, str, str], str]
) -> None:
    status = one.ask(things, one.persona, one.target)
    told = "deny" if status in REFUSALS else "allow"
    assert status < 500
    assert told == answers[one.service, one.rule, one.persona, one.target], f"{one}: HTTP status {status}"
