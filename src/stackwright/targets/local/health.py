"""Whether a process is of use, asked as the catalogue says."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.tools.mariadb import DatabaseRefusesError, DatabaseUnreachableError

if TYPE_CHECKING:
    from stackwright.catalogue.model import Health, HttpHealth, RowHealth, TcpHealth
    from stackwright.targets.local.cloud import Cloud

# A process that is asked answers within this time or is not healthy (seconds).
PATIENCE = 5


def ailment(cloud: Cloud, service: str, health: Health, started: int) -> str:
    """Tell what is wrong with a process that runs; nothing if it is healthy.

    :param started: when it was started, in seconds since the epoch
    """
    if health.http is not None:
        return _http(cloud, health.http)
    if health.tcp is not None:
        return _tcp(cloud, health.tcp)
    if health.unix is not None:
        return _unix(Path(cloud.renderer(service).text(health.unix)))
    if health.row is not None:
        return row_lacks(cloud, service, health.row, started)
    return ""


def row_lacks(cloud: Cloud, service: str, row: RowHealth, started: int = 0) -> str:
    """Tell why a query of the catalogue gives no row; nothing if it gives one."""
    query = cloud.renderer(service).text(row.query).replace("{started}", str(started))
    try:
        found = cloud.database.query(query, database=row.database)
    except DatabaseUnreachableError as error:
        return error.what
    except DatabaseRefusesError as error:
        return f"the database {row.database} says: {error.why}"
    return "" if found else f"no such row yet in the database {row.database}"


def _http(cloud: Cloud, health: HttpHealth) -> str:
    port = cloud.state.ports[health.port]
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)  # straight, whatever proxy the user's shell names
    try:
        connection.request("GET", health.path)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"port {port} does not answer ({type(error).__name__})"
    finally:
        connection.close()
    return "" if status in health.status else f"port {port} answers {status}"


def _tcp(cloud: Cloud, health: TcpHealth) -> str:
    port = cloud.state.ports[health.port]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            if not health.expect:
                return ""
            connection.sendall(health.send.encode())
            answer = connection.recv(4096)
    except OSError as error:
        return f"port {port}: {error.strerror or error}"
    return "" if health.expect.encode() in answer else f"port {port} answers something else"


def _unix(path: Path) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(path))
        except OSError as error:
            return f"{path.name}: {error.strerror or error}"
    return ""
