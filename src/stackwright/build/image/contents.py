"""What is in an image: its layers laid over one another, read without unpacking anything."""

from __future__ import annotations

import hashlib
import re
import tarfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.image.carried import CARRIED, PACKAGES, Carried, read_debs
from stackwright.build.image.carried import read as read_carried
from stackwright.build.image.layer import OPAQUE, WHITEOUT
from stackwright.build.image.sbom import STATUS, Package, debian_packages, python_package
from stackwright.errors import CheckFailedError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from stackwright.build.image.layout import Layout

METADATA = re.compile(r".*/(?:site|dist)-packages/[^/]+\.dist-info/METADATA")
KINDS = {
    tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "link", tarfile.LNKTYPE: "hard link",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A file of an image.

    :param told: what makes it that one: kind, mode, owner, and its content by digest or its target
    :param text: of the files that tell of packages
    """

    told: tuple[str, int, int, int, str]
    text: str = ""


@dataclass(frozen=True)
class Contents:
    """An image as one tree of files.

    :param debs: its packages that are of none of Debian's suites: file name -> SHA-256
    """

    files: Mapping[str, Entry]
    carried: tuple[Carried, ...]
    debs: Mapping[str, str]

    def packages(self) -> tuple[Package, ...]:
        """Give its packages, Debian's and Python's."""
        return packages_in(self.files)


def contents(layout: Layout, reference: str) -> Contents:
    """Read an image of a layout.

    :raises InputError: there is no such image
    :raises CheckFailedError: a layer is damaged
    """
    manifest = layout.manifest(layout.get(reference))
    files = laid((layout.path(one.digest), one.digest) for one in manifest.layers)
    said = manifest.annotations
    return Contents(files, read_carried(said.get(CARRIED, "")), read_debs(said.get(PACKAGES, "")))


def laid(layers: Iterable[tuple[Path, str]]) -> dict[str, Entry]:
    """Give the files of layers that are laid over one another, the lowest first.

    :param layers: each with its digest
    :raises CheckFailedError: one is damaged
    """
    files: dict[str, Entry] = {}
    for file, digest in layers:
        _lay(files, dict(entries(file, digest)))
    return files


def packages_in(files: Mapping[str, Entry]) -> tuple[Package, ...]:
    """Give the packages that files tell of, Debian's and Python's."""
    found: set[Package] = set()
    for path, entry in files.items():
        if path == STATUS:
            found |= set(debian_packages(entry.text))
        elif entry.text:
            found.add(python_package(entry.text))
    return tuple(sorted(found))


def entries(file: Path, digest: str) -> Iterator[tuple[str, Entry]]:
    """Give the members of a layer as they are in it, and check the layer's digest.

    Nothing is written: a member's path or link that leads out of the image is a text like any other.

    :raises CheckFailedError: it is gone, or is not what its digest says
    """
    check = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                check.update(chunk)
        if f"sha256:{check.hexdigest()}" != digest:
            raise _damaged(file, "its content is not what its name, the SHA-256, says")
        with tarfile.open(file, mode="r:*", errors="surrogateescape") as tar:
            for member in tar:
                yield member.name.removeprefix("./").strip("/"), _entry(tar, member)
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        raise _damaged(file, str(error)) from error


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    content, text = member.linkname, ""
    if member.isreg():
        stream = tar.extractfile(member)
        assert stream is not None
        data = stream.read()
        content = hashlib.sha256(data).hexdigest()
        if member.name.removeprefix("./") == STATUS or METADATA.fullmatch(member.name):
            text = data.decode(errors="replace")
    return Entry((KINDS.get(member.type, "other"), member.mode, member.uid, member.gid, content), text)


def _lay(files: dict[str, Entry], above: Mapping[str, Entry]) -> None:
    """Lay a layer over what there is (layer.md of the image-spec: Whiteouts)."""
    for path in above:
        folder, _, name = path.rpartition("/")
        if name == OPAQUE:
            _remove_below(files, folder)
        elif name.startswith(WHITEOUT):
            gone = f"{folder}/{name.removeprefix(WHITEOUT)}".lstrip("/")
            files.pop(gone, None)
            _remove_below(files, gone)
    folders = {parent for path in files for parent in _parents(path)}
    for path, entry in above.items():
        if path.rpartition("/")[2].startswith(WHITEOUT):
            continue
        if entry.told[0] != "folder" and path in folders:
            _remove_below(files, path)
        files[path] = entry


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _remove_below(files: dict[str, Entry], folder: str) -> None:
    for path in [path for path in files if path.startswith(f"{folder}/")]:
        del files[path]


def _damaged(file: Path, why: str) -> CheckFailedError:
    return CheckFailedError(
        "a layer of an image is damaged", where=Where(file), why=why, fix="build or pull the image again"
    )
