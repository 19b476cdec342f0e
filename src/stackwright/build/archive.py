"""Source archives of patched trees: the same tree gives the same bytes, and a manifest says what is in them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from stackwright.build.cache import sha256_of
from stackwright.distribution import GitSource
from stackwright.patches.model import LINK
from stackwright.store.store import SUBMODULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from stackwright.build.patched import PatchedComponent
    from stackwright.store import Store, TreeId

MANIFEST = "manifest.json"
# The first moment that all archive formats can name, as for wheels.
MTIME = 315532800
AT_ONCE = 500  # files read from the store at once


@dataclass(frozen=True)
class ArchivedPatch:
    """A patch that is in an archive's tree."""

    name: str
    subject: str
    sha256: str


@dataclass(frozen=True)
class Archive:
    """A source archive, as the manifest tells of it.

    :param file: its name, beside the manifest
    :param ref: of the upstream source; the version where it comes from a package index
    :param commit: of the upstream source, or what else its origin knows it by: an sdist's SHA-256, a folder's tree id
    :param upstream: the tree before the patches
    :param tree: the tree that is in it
    """

    component: str
    release: str
    version: str
    file: str
    sha256: str
    size: int
    origin: str
    ref: str
    commit: str
    upstream: TreeId
    patches: tuple[ArchivedPatch, ...]
    tree: TreeId


def archive(component: PatchedComponent, release: str, store: Store, directory: Path) -> Archive:
    """Write the archive of a patched tree, ``NAME-VERSION.tar.gz``, below a directory.

    It is written beside its place and moved there whole.
    """
    name = f"{component.wheel.distribution_name}-{component.wheel.version}"
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"{name}.tar.gz"
    part = file.with_name(f".{file.name}.part")
    with part.open("wb") as stream:
        write_tar_gz(store, component.applied.tree, name, stream)
    part.rename(file)
    source = component.source.component.source
    return Archive(
        component.source.component.name,
        release,
        component.wheel.version,
        file.name,
        sha256_of(file),
        file.stat().st_size,
        component.source.origin,
        source.ref if isinstance(source, GitSource) else component.source.version,
        component.source.digest,
        component.source.tree,
        tuple(
            ArchivedPatch(patch.name, patch.subject, hashlib.sha256(patch.file.read_bytes()).hexdigest())
            for patch in component.series.patches
            if patch.file
        ),
        component.applied.tree,
    )


def write_manifest(archives: Iterable[Archive], directory: Path) -> Path:
    """Write ``manifest.json`` beside archives, and ``SHA256SUMS``, which sha256sum(1) checks; gives the first."""
    listed = sorted(archives, key=lambda one: (one.release, one.component))
    manifest = directory / MANIFEST
    manifest.write_text(json.dumps({"archives": [asdict(one) for one in listed]}, indent=2) + "\n")
    (directory / "SHA256SUMS").write_text("".join(f"{one.sha256}  {one.file}\n" for one in listed))
    return manifest


def write_tar_gz(
    store: Store,
    tree: TreeId,
    top: str,
    stream: io.BufferedIOBase,
    *,
    instead: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """Write a tree as a tar.gz that depends on nothing else: no owner, no time, sorted names (pax, POSIX.1-2001).

    :param top: the folder that all is in
    :param instead: files that come in the place of the tree's, or in addition: path -> content
    """
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar,
    ):
        for info, content in _members(store, tree, top, instead):
            tar.addfile(info, io.BytesIO(content))


def _members(
    store: Store, tree: TreeId, top: str, instead: Mapping[str, bytes]
) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    for path in sorted(instead):
        yield _file(f"{top}/{path}", instead[path]), instead[path]
    entries = {
        path: entry for path, entry in store.entries(tree).items() if entry.mode != SUBMODULE and path not in instead
    }
    paths = sorted(entries, key=os.fsencode)
    for start in range(0, len(paths), AT_ONCE):
        some = paths[start : start + AT_ONCE]
        contents: Mapping[str, bytes | None] = store.read_all(tree, some)
        for path in some:
            content = contents[path]
            assert content is not None
            info = _file(f"{top}/{path}", content)
            if entries[path].mode == "100755":
                info.mode = 0o755
            if entries[path].mode == LINK:
                info.type, info.linkname, content = tarfile.SYMTYPE, os.fsdecode(content), b""
            info.size = len(content)
            yield info, content


def _file(name: str, content: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mtime, info.mode, info.size = MTIME, 0o644, len(content)
    return info
