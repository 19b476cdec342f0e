"""Consoles of servers, by the compute API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openstack
from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException

from stackwright.errors import InputError, RunFailedError, suggestion

if TYPE_CHECKING:
    from openstack.connection import Connection

    from stackwright.site.access import Access

# The first microversion that knows spice-direct (docs.openstack.org/api-ref/compute: Create Console).
SPICE_DIRECT = "2.99"
PROTOCOLS = {"novnc": "vnc", "spice-direct": "spice"}


def connect(access: Access) -> Connection:
    """Give a connection to a site's APIs."""
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_type="password",
        auth_url=access.auth_url,
        username=access.username,
        password=access.password,
        project_name=access.project,
        user_domain_id="default",
        project_domain_id="default",
        region_name=access.region,
        app_name="stackwright",
    )


def console_url(access: Access, name: str, kind: str) -> str:
    """Give the address of a server's console, or what it has printed.

    :param name: the server's name or id
    :param kind: ``novnc``, ``spice-direct`` or ``log``
    :raises InputError: there is no such server
    :raises RunFailedError: the compute API does not give it
    """
    connection = connect(access)
    try:
        server = connection.compute.find_server(name)
        if server is None:
            known = [other.name for other in connection.compute.servers(details=False)]
            raise InputError(f"there is no server {name!r}", fix=suggestion(name, known))
        if kind == "log":
            return str(connection.compute.get_server_console_output(server)["output"])
        microversion = SPICE_DIRECT if kind == "spice-direct" else None
        answer = connection.compute.post(
            f"/servers/{server.id}/remote-consoles",
            json={"remote_console": {"protocol": PROTOCOLS[kind], "type": kind}},
            microversion=microversion or "2.6",
        )
        if answer.status_code != 200:
            raise RunFailedError(f"nova gives no {kind} console", why=answer.text[:500])
        return str(answer.json()["remote_console"]["url"])
    except (SDKException, ClientException) as error:
        raise RunFailedError("the cloud's APIs do not answer", why=str(error), fix="stackwright status") from error
