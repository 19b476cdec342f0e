"""What reads the claims of a tree: a small reader for each way in which components write them down."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers import (
    alembic,
    clients,
    listed,
    microversions,
    named,
    objects,
    options,
    policies,
    rpc,
    service,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look

# Part of what a result is remembered by: it is another with every change of a reader.
VERSION = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()


@dataclass(frozen=True)
class Reader:
    """What reads one thing.

    :param kind: what it claims, for what it cannot see
    :param roles: the parts that files play for it, each of which a rule may name
    :param needs: options that it cannot do without; ``a|b`` for one of them
    :param listing: it needs no file's content
    """

    kind: Kind
    read: Callable[[Look], Iterator[Claim]]
    roles: tuple[str, ...]
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    listing: bool = False


READERS = {
    "microversions": Reader(
        Kind.MICROVERSION,
        microversions.read,
        ("history", "summary", "maximum"),
        ("major", "summary", "maximum", "minimum", "call"),
    ),
    "alembic": Reader(Kind.REVISION, alembic.revisions, ("versions",), ("branch",)),
    "heads": Reader(Kind.HEAD, alembic.heads, ("heads",), ("variable",)),
    "objects": Reader(Kind.OBJECT, objects.read, ("list",), ("variable",), ("variable",)),
    "rpc": Reader(Kind.RPC, rpc.read, ("client", "server"), ("name", "class", "namespace"), ("name", "class")),
    "service-version": Reader(
        Kind.SERVICE_VERSION,
        service.versions,
        ("versions",),
        ("history", "newest", "oldest", "aliases"),
        ("history", "newest"),
    ),
    "object-history": Reader(Kind.SERVICE_VERSION, service.object_history, ("versions",), ("variable",), ("variable",)),
    "release-mapping": Reader(Kind.SERVICE_VERSION, service.releases, ("versions",), ("variable",), ("variable",)),
    "samples": Reader(Kind.SAMPLE, listed.samples, ("samples", "templates"), listing=True),
    "policies": Reader(Kind.POLICY, policies.read, ("policies", "constants")),
    "options": Reader(Kind.OPTION, options.read, ("options", "constants")),
    "extra-specs": Reader(
        Kind.EXTRA_SPEC, named.extra_specs, ("specs", "constants"), ("call", "class"), ("call|class",)
    ),
    "extensions": Reader(Kind.EXTENSION, named.extensions, ("extensions", "constants")),
    "notes": Reader(Kind.NOTE, listed.notes, ("notes",), listing=True),
    "client": Reader(
        Kind.CLIENT_VERSION,
        clients.read,
        ("versions",),
        ("service", "folder", "pattern", "major", "classes"),
        ("pattern", "service|folder"),
    ),
}
