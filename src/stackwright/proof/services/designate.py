"""The proof of DNS: a zone is made, a name server answers for it, and does so no more when it is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackwright.errors import CheckFailedError
from stackwright.proof.report import wait_for
from stackwright.proof.services.proof import ServiceProof
from stackwright.tools import dig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openstack.connection import Connection

    from stackwright.proof.services.proof import Ground

SERVICE = "designate"
# Of the names and addresses that nobody has (RFC 2606, RFC 5737).
DOMAIN, ADDRESS = "example.", "192.0.2.53"
SERVER, PORT = "127.0.0.1", "bind-dns"
PATIENCE = 90.0  # seconds


def _prove(ground: Ground) -> None:
    dns: Any = ground.connection.dns
    name = f"{ground.name}.{DOMAIN}"
    port = ground.ports[PORT]
    with ground.recorder.check("zone", SERVICE) as check:
        zone = dns.create_zone(name=name, email=f"proof@{name.rstrip('.')}", ttl=60)
        dns.create_recordset(zone, name=f"www.{name}", type="A", records=[ADDRESS], ttl=60)
        wait_for(lambda: _active(dns, zone.id), f"the zone {name} did not become ACTIVE", PATIENCE)
        found = wait_for(
            lambda: dig.answers(f"www.{name}", "A", SERVER, port), f"no answer for www.{name} came", PATIENCE
        )
        if found != (ADDRESS,):
            raise CheckFailedError(f"the name server answers {', '.join(found)}, and it should be {ADDRESS}")
        check.detail = f"www.{name} is {ADDRESS}, says the name server"
    with ground.recorder.check("zone-delete", SERVICE) as check:
        _delete(dns, [zone])
        wait_for(
            lambda: not dig.answers(f"www.{name}", "A", SERVER, port),
            f"the name server still answers for www.{name}, whose zone is gone",
            PATIENCE,
        )
        check.detail = "the zone is gone, and its names"


def _active(dns: Any, zone: str) -> bool:
    now = dns.get_zone(zone)
    if now.status == "ERROR":
        raise CheckFailedError(f"designate says of the zone {now.name}: {now.status}")
    return all(one.status == "ACTIVE" for one in (now, *dns.recordsets(zone)))


def _delete(dns: Any, zones: list[Any]) -> None:
    ids = {zone.id for zone in zones}
    for zone in zones:
        dns.delete_zone(zone)
    wait_for(lambda: ids.isdisjoint(zone.id for zone in dns.zones()), "the zones were not deleted", PATIENCE)


def _remove(connection: Connection, is_ours: Callable[[str], bool]) -> Iterator[str]:
    dns: Any = connection.dns
    zones = [zone for zone in dns.zones() if is_ours(zone.name)]
    _delete(dns, zones)
    yield from (f"zone {zone.name}" for zone in zones)


PROOF = ServiceProof(_prove, _remove)
