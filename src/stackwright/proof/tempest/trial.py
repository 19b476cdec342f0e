"""A server that is tried before tempest's are: what can be done with servers is in no list, so it is done once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException

from stackwright.errors import CheckFailedError
from stackwright.proof import scene
from stackwright.proof.report import wait_for

if TYPE_CHECKING:
    from openstack.compute.v2.server import Server
    from openstack.connection import Connection

    from stackwright.proof.tempest.stage import Stage
    from stackwright.proof.tempest.under_test import CloudUnderTest

# What is asked for -> the option of [compute-feature-enabled] that says it is there. Consoles have a protocol and a
# type (docs.openstack.org/api-ref/compute: Create Console).
CONSOLES = {
    ("vnc", "novnc"): "vnc_console",
    ("spice", "spice-html5"): "spice_console",
    ("serial", "serial"): "serial_console",
}
CONSOLES_SINCE = "2.8"
PATIENCE = 300.0  # seconds, for one change of a server


@dataclass(frozen=True)
class Trial:
    """What came of it.

    :param seconds: from the request to ACTIVE
    :param features: options of [compute-feature-enabled] that are true
    """

    seconds: float
    features: frozenset[str]

    def __str__(self) -> str:
        """Give it in one line."""
        return f"a server is ACTIVE; it has: {', '.join(sorted(self.features)) or 'nothing that not all have'}"


def try_server(cloud: CloudUnderTest, stage: Stage) -> Trial:
    """Start a server as tempest will, see what it can do, and remove it.

    :raises CheckFailedError: it does not start: no test that needs one would pass
    """
    assert stage.images is not None
    assert stage.flavors is not None
    connection = cloud.connect_as(stage.account)
    name = f"{stage.prefix}-trial"
    server: Server | None = None
    began = time.monotonic()
    try:
        # The network is the account's own: it goes with all that is the account's.
        network = scene.ensure_network(connection, name)
        server = connection.compute.create_server(
            name=name, image_id=stage.images[0], flavor_id=stage.flavors[0], networks=[{"uuid": network.id}]
        )
        scene.wait_active(connection, server)
        seconds = time.monotonic() - began
        found = {option for (protocol, kind), option in CONSOLES.items() if _has(connection, server, protocol, kind)}
        if _resizes(connection, server, stage.flavors[1]):
            found.add("resize")
        return Trial(seconds, frozenset(found))
    except CheckFailedError as error:
        raise CheckFailedError(
            "no server starts, and tempest would wait for each of its own in vain",
            why=error.what,
            fix="stackwright smoke shows more" if cloud.ours else "--image NAME names another image to boot",
        ) from error
    except (SDKException, ClientException) as error:
        raise CheckFailedError(
            "no server can be started, and tempest could not start its own", why=f"{type(error).__name__}: {error}"
        ) from error
    finally:
        if server is not None:
            scene.delete_server(connection, server)


def _has(connection: Connection, server: Server, protocol: str, kind: str) -> bool:
    answer = connection.compute.post(
        f"/servers/{server.id}/remote-consoles",
        json={"remote_console": {"protocol": protocol, "type": kind}},
        microversion=CONSOLES_SINCE,
    )
    return bool(answer.status_code == 200)


def _resizes(connection: Connection, server: Server, flavor: str) -> bool:
    """Tell whether a server can be resized; with one host it depends on a setting that no API shows."""
    compute: Any = connection.compute
    if compute.post(f"/servers/{server.id}/action", json={"resize": {"flavorRef": flavor}}).status_code != 202:
        return False

    def ended() -> Server | None:
        # It has a task from the answer on; where no host takes it, it is ACTIVE again afterwards.
        now = compute.get_server(server.id)
        return now if not now.task_state else None

    after = wait_for(ended, "a resize came to no end", PATIENCE)
    return bool(after.status == "VERIFY_RESIZE")
