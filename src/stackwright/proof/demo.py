"""The demonstration: a server named ``demo`` that stays, for a person to look at; and the check of a server.

All that is made for it has its name, apart from the network that stands for the outside world, which is named
``public`` and serves whatever else the cloud has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, InputError, suggestion
from stackwright.proof import scene
from stackwright.proof.console import connect
from stackwright.proof.guest.console import read_console
from stackwright.proof.report import Recorder, SmokeReport, wait_for
from stackwright.tools import ping

if TYPE_CHECKING:
    from openstack.compute.v2.server import Server
    from openstack.connection import Connection

    from stackwright.events import Events
    from stackwright.proof.access import ServersAccess
    from stackwright.proof.guest import GuestImage

DEMO = "demo"
OUTSIDE = "public"
PATIENCE = 120.0  # seconds


def ensure_demo(access: ServersAccess, guest: GuestImage) -> str:
    """Have the server ``demo`` running in its network, and give its floating IP; what is there already is kept.

    :raises CheckFailedError: it does not become ACTIVE, or does not answer
    """
    connection = connect(access.api)
    outside = scene.ensure_outside(connection, access.outside, OUTSIDE)
    address = scene.ensure_address(connection, DEMO, outside)
    network = scene.ensure_network(connection, DEMO)
    scene.ensure_router(connection, DEMO, network, outside)
    server = scene.find_server(connection, DEMO) or scene.create_server(
        connection,
        DEMO,
        image=scene.ensure_image(connection, DEMO, guest),
        flavor=scene.ensure_flavor(connection, DEMO),
        network=network,
        group=scene.ensure_group(connection, DEMO),
    )
    scene.attach_address(connection, address, scene.wait_active(connection, server))
    _wait_for_answer(address.floating_ip_address)
    return str(address.floating_ip_address)


def remove_kept(access: ServersAccess) -> tuple[str, ...]:
    """Remove the server ``demo`` and all that was made for it, and give what that was; the outside network stays.

    :raises CheckFailedError: the server does not go
    """
    return scene.remove(connect(access.api), {DEMO, f"{DEMO}-kernel", f"{DEMO}-initrd"}.__contains__)


def check_server(access: ServersAccess, name: str, events: Events) -> SmokeReport:
    """Prove that a server of this name is ACTIVE, has a login prompt on its console, and answers at its floating IP.

    :raises InputError: there is no such server
    """
    connection = connect(access.api)
    server = scene.find_server(connection, name)
    if server is None:
        known = [other.name for other in connection.compute.servers(details=False)]
        raise InputError(f"there is no server {name!r}", fix=suggestion(name, known))
    recorder = Recorder(events, name)
    evidence = ""
    try:
        with recorder.check("active", "nova") as check:
            check.detail = f"on {scene.wait_active(connection, server).hypervisor_hostname}"
        with recorder.check("login", "nova") as check:
            wait_for(lambda: _has_prompt(connection, server), "no login prompt came on the console", PATIENCE)
            check.detail = "a prompt"
        with recorder.check("ping", "ovn") as check:
            address = _address_of(connection, server.id)
            _wait_for_answer(address)
            check.detail = f"{address} answers this machine"
    except CheckFailedError as error:
        evidence = "\n".join(filter(None, (error.what, scene.seen_of(connection, name))))
    return SmokeReport(recorder.rows, evidence)


def _address_of(connection: Connection, server: str) -> str:
    for port in connection.network.ports(device_id=server):
        for address in connection.network.ips(port_id=port.id):
            return str(address.floating_ip_address)
    raise CheckFailedError("the server has no floating IP")


def _has_prompt(connection: Connection, server: Server) -> bool:
    return read_console(connection.compute.get_server_console_output(server)["output"]).login


def _wait_for_answer(address: str) -> None:
    wait_for(lambda: ping.answers(address), f"no answer from {address}", PATIENCE)
