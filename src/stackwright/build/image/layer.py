"""Layers: files as a tar archive that depends on nothing but them (layer.md of the image-spec; pax, POSIX.1-2001)."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
import zlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from stackwright.build.archive import MTIME
from stackwright.build.cache import Provenance, key_of
from stackwright.build.image import oci
from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from stackwright.build.cache import ArtifactCache

LAYERS = "image-layers"
FILE = "layer.tar.gz"
UNPACKED = "unpacked"  # what the digest of the archive is called among the outputs of the artifact
# A level more would take twice as long for two parts in a hundred.
LEVEL = 6
GZIP = 16 + zlib.MAX_WBITS  # zlib writes a header without a name and a time then (RFC 1952)
CHUNK = 1 << 20
# How a layer takes away what one below it has (layer.md: Whiteouts).
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"


class Kind(Enum):
    """What a member of a layer is."""

    FILE = tarfile.REGTYPE
    DIRECTORY = tarfile.DIRTYPE
    LINK = tarfile.SYMTYPE


@dataclass(frozen=True)
class Member:
    """A file, folder or symbolic link of a layer.

    :param path: in the image, without the first slash
    :param content: of a file: its bytes, or the file here that has them
    :param target: of a link
    :param mtime: seconds since the epoch
    """

    path: str
    kind: Kind
    mode: int
    uid: int = 0
    gid: int = 0
    content: bytes | Path = b""
    target: str = ""
    mtime: int = MTIME

    def read(self) -> bytes:
        """Give the bytes of a file."""
        return self.content.read_bytes() if isinstance(self.content, Path) else self.content


@dataclass(frozen=True)
class Layer:
    """A layer that has been made.

    :param file: compressed with gzip
    :param unpacked: the digest of the archive before it is compressed
    :param made_by: how, for a person
    """

    file: Path
    descriptor: oci.Descriptor
    unpacked: str
    key: str
    made_by: str


def layer(
    cache: ArtifactCache,
    made_by: str,
    inputs: Mapping[str, object],
    members: Callable[[], Iterable[Member]],
    tools: Mapping[str, str] | None = None,
) -> Layer:
    """Give the layer that is a function of some inputs, made first if the cache does not have it.

    :param made_by: how, for a person
    :param inputs: all that its members depend on (what JSON can express)
    :param members: gives them, in any order
    :raises EnvironmentLacksError: no space
    """
    key = key_of("image-layer", LEVEL, dict(inputs))

    def fill(directory: Path) -> Provenance:
        packed, unpacked = write(members(), directory / FILE)
        return Provenance(inputs, tools or {}, {FILE: packed, UNPACKED: unpacked})

    directory = cache.make(LAYERS, key, fill)
    outputs = cache.provenance(LAYERS, key).outputs
    file = directory / FILE
    descriptor = oci.Descriptor(media_type=oci.LAYER, digest=f"sha256:{outputs[FILE]}", size=file.stat().st_size)
    return Layer(file, descriptor, f"sha256:{outputs[UNPACKED]}", key, made_by)


def write(members: Iterable[Member], file: Path) -> tuple[str, str]:
    """Write a layer, sorted by path; gives the SHA-256 of the file and of the archive in it."""
    with file.open("wb") as stream:
        packed = _Packed(stream)
        # A pipe to tarfile: it writes, and never looks back.
        with tarfile.open(
            fileobj=cast("IO[bytes]", packed), mode="w|", format=tarfile.PAX_FORMAT, errors="surrogateescape"
        ) as tar:
            for member in sorted(members, key=lambda one: os.fsencode(one.path)):
                _add(tar, member)
        return packed.finish()


def walk(root: Path, prefix: str = "", *, leave_out: Callable[[str], bool] = lambda _: False) -> Iterator[Member]:
    """Give what is in a folder, with its own owners, modes and times; sockets and devices are no part of an image.

    :param prefix: where it is to be in the image
    :param leave_out: tells of a path below the folder that it is passed over, with all in it
    :raises InputError: a name is one that a layer takes files away with
    """
    for directory, folders, files in os.walk(root):
        below = os.path.relpath(directory, root)
        below = "" if below == "." else f"{below}/"
        kept = [name for name in sorted(folders) if not leave_out(f"{below}{name}")]
        folders[:] = [name for name in kept if not os.path.islink(f"{directory}/{name}")]  # noqa: PTH114 - thousands
        for name in [*kept, *sorted(files)]:
            path = f"{below}{name}"
            if name.startswith(WHITEOUT):
                raise InputError(
                    f"no image can have a file of this name: {path}",
                    where=Where(Path(directory, name)),
                    why=f"in a layer, {WHITEOUT} takes a file of a layer below away (OCI image-spec, layer.md)",
                    fix="give it another name",
                )
            if name in kept or not leave_out(path):
                member = _member(Path(directory, name), f"{prefix}{path}")
                if member is not None:
                    yield member


def directories(path: str, mode: int = 0o755) -> Iterator[Member]:
    """Give the folders that lead to a path, and are the same in every layer that names them."""
    parts = path.strip("/").split("/")
    for length in range(1, len(parts) + 1):
        yield Member("/".join(parts[:length]), Kind.DIRECTORY, mode)


def _member(file: Path, path: str) -> Member | None:
    about = file.lstat()
    mode, uid, gid, mtime = stat.S_IMODE(about.st_mode), about.st_uid, about.st_gid, int(about.st_mtime)
    if stat.S_ISLNK(about.st_mode):
        return Member(path, Kind.LINK, 0o777, uid, gid, target=str(file.readlink()), mtime=mtime)
    if stat.S_ISDIR(about.st_mode):
        return Member(path, Kind.DIRECTORY, mode, uid, gid, mtime=mtime)
    if stat.S_ISREG(about.st_mode):
        return Member(path, Kind.FILE, mode, uid, gid, file, mtime=mtime)
    return None


def _add(tar: tarfile.TarFile, member: Member) -> None:
    info = tarfile.TarInfo(member.path)
    info.type, info.mode, info.mtime = member.kind.value, member.mode, member.mtime
    info.uid, info.gid, info.linkname = member.uid, member.gid, member.target
    if member.kind is not Kind.FILE:
        tar.addfile(info)
    elif isinstance(member.content, bytes):
        info.size = len(member.content)
        tar.addfile(info, io.BytesIO(member.content))
    else:
        with member.content.open("rb") as stream:
            info.size = os.fstat(stream.fileno()).st_size
            tar.addfile(info, stream)


class _Packed:
    """A stream that compresses what is written to it, and knows the digests of both sides."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        self._before, self._after = hashlib.sha256(), hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._before.update(data)
        self._put(self._compressor.compress(data))
        return len(data)

    def finish(self) -> tuple[str, str]:
        """Write the rest, and give the SHA-256 of what came out and of what went in."""
        self._put(self._compressor.flush())
        return self._after.hexdigest(), self._before.hexdigest()

    def _put(self, data: bytes) -> None:
        self._after.update(data)
        self._stream.write(data)
