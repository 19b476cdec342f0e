"""The artifact cache: directories by key, each whole or not there, each with its provenance."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright.build.scratch import locked, scratch_directory
from stackwright.errors import EnvironmentLacksError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Part of every key: a change of what is built from the same inputs needs a new one.
BUILDER = "1"
PROVENANCE = "provenance.json"


@dataclass(frozen=True)
class Provenance:
    """Where an artifact comes from.

    :param inputs: everything that it is a function of
    :param tools: what built it: program -> version
    :param outputs: file of the artifact, or its content under a name -> SHA-256
    """

    inputs: Mapping[str, Any]
    tools: Mapping[str, str]
    outputs: Mapping[str, str]


class ArtifactCache:
    """Artifacts by kind (a directory: ``wheels``, ``environments``) and key, shared by processes and threads.

    :param directory: where they are; made on first use
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def find(self, kind: str, key: str) -> Path | None:
        """Give the artifact's directory; None if it has not been made."""
        path = self.directory / kind / key
        return path if (path / PROVENANCE).is_file() else None

    def keys(self, kind: str) -> list[str]:
        """Give the keys of all artifacts of a kind that are there."""
        return sorted(file.parent.name for file in (self.directory / kind).glob(f"*/{PROVENANCE}"))

    def provenance(self, kind: str, key: str) -> Provenance:
        """Give the provenance of an artifact that is there."""
        return Provenance(**json.loads((self.directory / kind / key / PROVENANCE).read_text()))

    def make(self, kind: str, key: str, maker: Callable[[Path], Provenance]) -> Path:
        """Give the artifact's directory, made first if it is not there.

        It is made elsewhere and moved into its place whole, so whatever ends the maker leaves nothing that could be
        taken for an artifact. Of several who want the same one at once, one makes it and the others wait.

        :param maker: fills the directory that it is given, which is moved afterwards
        :raises EnvironmentLacksError: no space
        """
        path = self.directory / kind / key
        locks = self.directory / "locks"
        try:
            locks.mkdir(parents=True, exist_ok=True)
            with locked(locks / f"{kind}-{key}"):
                if self.find(kind, key) is None:
                    with scratch_directory(self.directory / "unfinished") as directory:
                        provenance = maker(directory)
                        (directory / PROVENANCE).write_text(json.dumps(asdict(provenance), indent=2, sort_keys=True))
                        path.parent.mkdir(exist_ok=True)
                        directory.rename(path)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise EnvironmentLacksError(
                "the disk is full",
                where=Where(file=self.directory),
                fix="make room there and run the command again: nothing is lost",
            ) from error
        return path

    def prune(self, kind: str, *, days: int, kept: Callable[[str], bool] = lambda _: False) -> None:
        """Remove the artifacts of a kind that were made so long ago that nothing can make use of them any more.

        :param kept: whether one of a key stays all the same
        """
        oldest = time.time() - days * 86400
        for made in (self.directory / kind).glob("*"):
            if made.stat().st_mtime < oldest and not kept(made.name):
                shutil.rmtree(made, ignore_errors=True)


def key_of(*inputs: object) -> str:
    """Give the key of what is a function of these inputs (which JSON can express) and of the builder."""
    return hashlib.sha256(json.dumps([BUILDER, *inputs], sort_keys=True).encode()).hexdigest()[:32]


def sha256_of(file: Path) -> str:
    """Give the SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
