"""The smoke test: a cloud does what a cloud is for, from an image to a server that has left nothing behind.

What it has besides servers proves itself (stackwright.proof.services).
"""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException

from stackwright.errors import CheckFailedError
from stackwright.proof import consoles, scene
from stackwright.proof.access import ServersAccess, with_servers
from stackwright.proof.console import connect
from stackwright.proof.demo import DEMO, ensure_demo
from stackwright.proof.guest.console import Answer, read_console
from stackwright.proof.leftovers import leftovers, traces_of
from stackwright.proof.report import Recorder, SmokeReport, wait_for
from stackwright.proof.services import PROOFS
from stackwright.proof.services.proof import Ground, ServerParts
from stackwright.tools import ping

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from openstack.compute.v2.server import Server
    from openstack.network.v2.floating_ip import FloatingIP
    from openstack.network.v2.network import Network
    from openstack.network.v2.security_group import SecurityGroup

    from stackwright.events import Events
    from stackwright.proof.access import CloudAccess
    from stackwright.proof.guest import GuestImage
    from stackwright.proof.guest.console import Console

PREFIX = "stackwright-smoke-"
# Seconds: for a guest under emulation on a busy machine; for everything of it to go.
GUEST_PATIENCE, CLEAN_PATIENCE = 120.0, 30.0
CONSOLE_INTERVAL = 0.2


def smoke(access: CloudAccess, guest: GuestImage | None, events: Events, *, keep: bool = False) -> SmokeReport:
    """Prove that a cloud works, and remove all that was made for it, and what an earlier smoke test left.

    One at a time on a cloud: another one's things would be taken for left ones.

    :param guest: what servers boot, where the cloud has servers
    :param keep: afterwards have a server named ``demo`` running, in a network of its own (see stackwright.proof.demo)
    :returns: the report, of a failure too
    """
    recorder = Recorder(events, "smoke")
    proof = _Smoke(access, guest, recorder)
    evidence = ""
    try:
        proof.log_in()
    except CheckFailedError:
        return SmokeReport(recorder.rows)
    try:
        proof.carry_out()
    except CheckFailedError:
        evidence = proof.evidence()
    finally:
        proof.clean_up()
    if keep and guest is not None and all(row.ok for row in recorder.rows):
        try:
            with recorder.check("demo", "nova") as check:
                check.detail = f"the server {DEMO} answers at {ensure_demo(with_servers(access), guest)}"
        except CheckFailedError:
            evidence = scene.seen_of(connect(access.api), DEMO)
    return SmokeReport(recorder.rows, evidence)


class _Smoke:
    def __init__(self, access: CloudAccess, guest: GuestImage | None, recorder: Recorder) -> None:
        self.access, self.guest, self.recorder = access, guest, recorder
        self.name = PREFIX + secrets.token_hex(3)
        self.connection = connect(access.api)
        self.server: Server | None = None
        self.asked = 0.0

    def log_in(self) -> None:
        """See whether the cloud is there at all.

        :raises CheckFailedError: it is not
        """
        with self.recorder.check("identity", "keystone") as check:
            self.connection.authorize()
            check.detail = f"logged in at {self.access.api.auth_url}"

    def carry_out(self) -> None:
        """Go through all checks.

        :raises CheckFailedError: one failed; those under way at the time have been gone through as well
        """
        parts = None
        if isinstance(self.access, ServersAccess):
            parts = self._servers()
        else:
            self._without_servers()
        ground = Ground(self.connection, self.recorder, self.name, parts, self.access.ports)
        own = [partial(proof.prove, ground) for name, proof in PROOFS.items() if name in self.access.services]
        _all(*own)

    def _without_servers(self) -> None:
        """See that what has nothing else to prove answers."""
        self._remove_earlier()
        for name, kind in self.access.services.items():
            if kind and name not in PROOFS:
                with self.recorder.check(f"{name}-api", name) as check:
                    url = self.connection.endpoint_for(kind)
                    if url is None:
                        raise CheckFailedError(f"keystone knows no endpoint of the type {kind}")
                    status = requests.get(url, timeout=consoles.PATIENCE).status_code
                    if status >= requests.codes.bad_request:
                        raise CheckFailedError(f"{url} answers {status}")
                    check.detail = f"{url} answers"

    def _servers(self) -> ServerParts:
        """Go through all that has to do with servers, and give what another may be made of."""
        image, flavor, (network, group) = _all(self._image, self._flavor, self._inside)
        server = self._server(image=image, flavor=flavor, network=network, group=group)
        self._lease(server)
        # The way to the outside is laid now, because it would have kept neutron and the processors from the guest.
        _all(
            lambda: self._guest(server),
            lambda: self._ping(server, self._way_outside(network)),
            lambda: self._novnc(server),
            lambda: self._spice(server),
        )
        self._delete(server)
        return ServerParts(image=image.id, flavor=flavor.id, network=network.id)

    def evidence(self) -> str:
        """Give what can be seen of a failure before everything is removed; empty if that is nothing."""
        return scene.seen_of(self.connection, self.name) if isinstance(self.access, ServersAccess) else ""

    def clean_up(self) -> None:
        """Remove all that was made."""
        with suppress(CheckFailedError), self.recorder.check("cleanup", "keystone") as check:
            check.detail = f"removed {len(self._remove(self._is_mine))} things"

    def _remove(self, is_ours: Callable[[str], bool]) -> list[str]:
        """Remove what services have made first: a stack's server is the stack's to remove.

        What one of them fails to remove does not keep the others from it.
        """
        removed: list[str] = []
        failed: list[Exception] = []
        for name, proof in PROOFS.items():
            if name in self.access.services:
                try:
                    removed += proof.remove(self.connection, is_ours)
                except (CheckFailedError, SDKException, ClientException) as error:
                    failed.append(error)
        if isinstance(self.access, ServersAccess):
            removed += scene.remove(self.connection, is_ours)
        if failed:
            raise failed[0]
        return removed

    def _is_mine(self, name: str) -> bool:
        return name.startswith(self.name)

    def _inside(self) -> tuple[Network, SecurityGroup]:
        # By itself, because neutron reads its policy with the first request, and denies what comes meanwhile.
        self._agents()
        network, group, _ = _all(self._network, self._group, self._remove_earlier)
        return network, group

    def _agents(self) -> None:
        with self.recorder.check("agents", "neutron") as check:
            agents = list(self.connection.network.agents())
            dead = [agent.agent_type for agent in agents if not agent.is_alive]
            if dead or not agents:
                raise CheckFailedError(f"neutron's agents are not alive: {', '.join(dead) or 'there is none'}")
            check.detail = f"alive: {', '.join(agent.agent_type for agent in agents)}"

    def _remove_earlier(self) -> None:
        with self.recorder.check("earlier", "keystone") as check:
            left = self._remove(lambda name: name.startswith(PREFIX) and not self._is_mine(name))
            check.detail = f"removed what an earlier one left: {', '.join(left)}" if left else "no earlier one left any"

    def _image(self) -> Any:
        assert self.guest is not None
        with self.recorder.check("image", "glance") as check:
            image = scene.ensure_image(self.connection, self.name, self.guest)
            check.detail = "kernel, initrd and disk uploaded"
        return image

    def _flavor(self) -> Any:
        with self.recorder.check("flavor", "nova") as check:
            flavor = scene.ensure_flavor(self.connection, self.name)
            check.detail = f"{scene.MEMORY} MiB, 1 processor, {scene.DISK} GiB"
        return flavor

    def _group(self) -> Any:
        with self.recorder.check("security-group", "neutron") as check:
            group = scene.ensure_group(self.connection, self.name)
            check.detail = "lets pings in"
        return group

    def _network(self) -> Any:
        with self.recorder.check("network", "neutron") as check:
            network = scene.ensure_network(self.connection, self.name)
            check.detail = f"{scene.INSIDE} with DHCP"
        return network

    def _way_outside(self, inside: Network) -> FloatingIP:
        with self.recorder.check("floating-ip", "neutron") as check:
            outside = scene.ensure_outside(self.connection, with_servers(self.access).outside, self.name)
            address = scene.ensure_address(self.connection, self.name, outside)
            check.detail = f"{address.floating_ip_address} of the network {outside.name}"
        with self.recorder.check("router", "neutron") as check:
            scene.ensure_router(self.connection, self.name, inside, outside)
            check.detail = f"between {scene.INSIDE} and {with_servers(self.access).outside.subnet}.0/24"
        return address

    def _server(self, **parts: Any) -> Server:
        self.asked = time.monotonic()
        with self.recorder.check("active", "nova") as check:
            self.server = scene.create_server(self.connection, self.name, **parts)
            server = self.server = scene.wait_active(self.connection, self.server)
            check.detail = f"on {server.hypervisor_hostname}"
        return server

    def _lease(self, server: Server) -> None:
        (port,) = self.connection.network.ports(device_id=server.id)
        self._heard(server, "lease", "neutron", lambda console: console.lease, port.fixed_ips[0]["ip_address"])

    def _guest(self, server: Server) -> None:
        """See what else the guest says, all of it even if something is amiss."""
        failures = []
        for name, service, look, expected in (
            ("config-drive", "nova", lambda console: console.config_drive, server.id),
            ("metadata", "neutron", lambda console: console.metadata, server.id),
            ("login", "nova", lambda console: Answer(True, "a prompt") if console.login else None, "a prompt"),
        ):
            try:
                self._heard(server, name, service, look, expected)
            except CheckFailedError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _heard(
        self, server: Server, name: str, service: str, look: Callable[[Console], Answer | None], expected: str
    ) -> None:
        """Wait until the guest says something on its console, and see that it is what it should say."""

        def read() -> Answer | None:
            console = read_console(self.connection.compute.get_server_console_output(server)["output"])
            answer = look(console)
            # What the line has garbled comes once more.
            garbled = answer is not None and answer.ok and answer.text != expected
            return None if garbled and not console.again else answer

        with self.recorder.check(name, service, since=self.asked) as check:
            nothing = f"nothing of its {name} came on the guest's console"
            answer = wait_for(read, nothing, GUEST_PATIENCE, CONSOLE_INTERVAL)
            check.detail = answer.text
            if not answer.ok:
                raise CheckFailedError(f"the guest says: {answer.text}")
            if answer.text != expected:
                raise CheckFailedError(f"the guest says {answer.text!r}, and it should be {expected!r}")

    def _ping(self, server: Server, address: FloatingIP) -> None:
        with self.recorder.check("ping", "ovn") as check:
            scene.attach_address(self.connection, address, server)
            target = address.floating_ip_address
            wait_for(lambda: ping.answers(target), f"no answer from {target}", GUEST_PATIENCE)
            check.detail = f"{target} answers this machine"

    def _novnc(self, server: Server) -> None:
        with self.recorder.check("novnc", "nova") as check:
            url = self._console_url(server, "novnc")
            parts = urlsplit(url)
            page = requests.get(url, timeout=consoles.PATIENCE)
            if page.status_code != 200 or "noVNC" not in page.text:
                raise CheckFailedError(f"the console's page answers {page.status_code} with no noVNC in it")
            greeting = consoles.vnc_greeting(parts.hostname or "", parts.port or 80, consoles.token_of(url))
            check.detail = f"page and screen at port {parts.port} ({greeting})"

    def _spice(self, server: Server) -> None:
        with self.recorder.check("spice-direct", "nova") as check:
            url = self._console_url(server, "spice-direct")
            target = self.connection.compute.validate_console_auth_token(consoles.token_of(url))
            greeting = consoles.spice_greeting(target.host, target.port)
            check.detail = f"the token resolves to {target.host}:{target.port} ({greeting})"

    def _console_url(self, server: Server, kind: str) -> str:
        console = self.connection.compute.create_console(server, kind)
        if console is None:
            raise CheckFailedError(f"nova gives no console of the type {kind}")
        return str(console["url"])

    def _delete(self, server: Server) -> None:
        with self.recorder.check("delete", "nova") as check:
            traces = traces_of(self.connection, server)
            scene.delete_server(self.connection, server)
            until = time.monotonic() + CLEAN_PATIENCE
            while left := leftovers(self.connection, with_servers(self.access), traces):
                if time.monotonic() > until:
                    raise CheckFailedError(f"the server has gone, and has left behind: {', '.join(left)}")
                time.sleep(0.1)
            check.detail = "no port, volume, tap, domain or file is left"


def _all(*functions: Callable[[], Any]) -> list[Any]:
    """Call functions at once, wait for all, and give what they gave; or raise what the first that failed raised."""
    with ThreadPoolExecutor(len(functions) or 1) as pool:
        futures = [pool.submit(function) for function in functions]
    return [future.result() for future in futures]
