"""The form of a service's own proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openstack.connection import Connection

    from stackwright.proof.report import Recorder


@dataclass(frozen=True)
class ServerParts:
    """What a server is made of in the smoke test: the ids of things that are there."""

    image: str
    flavor: str
    network: str


@dataclass(frozen=True)
class Ground:
    """What a proof stands on.

    :param name: what begins the names of all that it makes
    :param parts: of a server; None where the cloud has none
    :param ports: of the site's services on 127.0.0.1, by their names
    """

    connection: Connection
    recorder: Recorder
    name: str
    parts: ServerParts | None
    ports: Mapping[str, int]


@dataclass(frozen=True)
class ServiceProof:
    """How a service proves itself.

    :param prove: makes something, sees that it is as it should be, removes it; raises CheckFailedError if it is not
    :param remove: removes whatever a proof of such names has left, and gives what that was
    """

    prove: Callable[[Ground], None]
    remove: Callable[[Connection, Callable[[str], bool]], Iterator[str]]
