"""Parcels: trees and environments that travel to other machines, by their ids; whoever has one unpacks it once."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.cache import PROVENANCE, Provenance
from stackwright.build.environment import ENVIRONMENTS
from stackwright.errors import EnvironmentLacksError, RunFailedError, Where
from stackwright.store import TreeId

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.store import Store

FASTEST = 1  # of gzip: a local network is about as fast


@dataclass(frozen=True)
class Parcel:
    """A tree, as a pack of git objects, or an environment, as a tar.

    :param id: of the tree; the key of the environment
    :param sha256: of the content
    """

    id: str
    sha256: str
    content: bytes

    @classmethod
    def of(cls, id_: str, content: bytes) -> Parcel:
        """Pack a content."""
        return cls(id_, hashlib.sha256(content).hexdigest(), content)

    def check(self) -> None:
        """See that it is as it was sent.

        :raises RunFailedError: it is not
        """
        if hashlib.sha256(self.content).hexdigest() != self.sha256:
            raise RunFailedError("what was sent is damaged", where=Where(subject=self.id), fix="run it again")


def pack_tree(store: Store, tree: TreeId) -> Parcel:
    """Pack a tree with all that is in it."""
    return Parcel.of(tree, store.packed(tree))


def unpack_tree(parcel: Parcel, store: Store) -> None:
    """Take a tree into a store, unless it is there: git sees that it is what its id says."""
    if not store.has(TreeId(parcel.id)):
        parcel.check()
        store.take_packed(parcel.content, TreeId(parcel.id))


def pack_environment(artifacts: ArtifactCache, key: str) -> Parcel:
    """Pack an environment that has been built."""
    path = artifacts.find(ENVIRONMENTS, key)
    assert path is not None
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=FASTEST) as tar:
        tar.add(path, arcname=".")
    return Parcel.of(key, stream.getvalue())


def unpack_environment(parcel: Parcel, artifacts: ArtifactCache) -> None:
    """Take an environment into a cache of artifacts, unless it is there.

    :raises EnvironmentLacksError: the machine does not have the Python that the environment was made with; no space
    """

    def fill(directory: Path) -> Provenance:
        parcel.check()
        with tarfile.open(fileobj=io.BytesIO(parcel.content), mode="r:gz") as tar:
            tar.extractall(directory)
        python = directory / "bin" / "python"
        if not python.exists():
            raise EnvironmentLacksError(
                f"this machine has no {python.readlink()}",
                where=Where(subject=platform.node()),
                why="an environment works with the Python that it was made with alone",
                fix=f"install {python.readlink().name} there, or let other workers run the tests",
            )
        return Provenance(**json.loads((directory / PROVENANCE).read_text()))

    artifacts.make(ENVIRONMENTS, parcel.id, fill)
