"""The indexes of a channel, and its Release (https://wiki.debian.org/DebianRepository/Format). All of it is pure."""

from __future__ import annotations

import hashlib
import lzma
from email.utils import formatdate
from typing import TYPE_CHECKING

from stackwright.build.debian.deb822 import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stackwright.build.apt_repository.record import Build, Package

COMPONENT = "main"
SOURCE, ALL = "source", "all"
BY_HASH = "by-hash/SHA256"


def indexes(builds: Sequence[Build], architectures: Iterable[str]) -> dict[str, bytes]:
    """Give the indexes of some builds, by path below the channel, each plain and compressed.

    :param architectures: those of the machines that use the channel; more are added that the builds are for
    """
    packages = [package for build in builds for package in build.packages]
    found = {
        f"{COMPONENT}/binary-{architecture}/Packages": _binaries(packages, architecture)
        for architecture in architectures_of(packages, architectures)
    }
    found[f"{COMPONENT}/source/Sources"] = _sources(packages)
    return {path: content for name, text in found.items() for path, content in _forms(name, text)}


def architectures_of(packages: Iterable[Package], more: Iterable[str]) -> tuple[str, ...]:
    """Give the architectures of machines that packages are for, in order."""
    return tuple(sorted({*more, *(package.architecture for package in packages)} - {SOURCE, ALL}))


def release(
    channel: str, *, origin: str, suite: str, architectures: Iterable[str], hashed: Mapping[str, bytes], at: int
) -> bytes:
    """Give the text of a channel's Release, which is what gets signed.

    :param origin: who publishes it, for pinning (apt_preferences(5))
    :param suite: what the packages are built for
    :param hashed: the indexes by path
    :param at: when it is published, in seconds since the epoch
    """
    lines = [
        f" {hashlib.sha256(content).hexdigest()} {len(content)} {path}" for path, content in sorted(hashed.items())
    ]
    fields = {
        "Origin": origin,
        "Label": origin,
        "Suite": channel,
        "Codename": channel,
        "Date": formatdate(at, usegmt=True),
        "Architectures": " ".join(architectures),
        "Components": COMPONENT,
        "Description": f"packages for {suite}",
        "Acquire-By-Hash": "yes",
        "SHA256": "\n" + "\n".join(line[1:] for line in lines),
    }
    return written([fields]).encode()


def by_hash(path: str, sha256: str) -> str:
    """Give the path that an index is found at by its hash (Acquire-By-Hash)."""
    return f"{path.rpartition('/')[0]}/{BY_HASH}/{sha256}"


def _forms(path: str, text: str) -> Iterable[tuple[str, bytes]]:
    plain = text.encode("utf-8", "surrogateescape")
    return (path, plain), (f"{path}.xz", lzma.compress(plain, preset=6))


def _binaries(packages: Iterable[Package], architecture: str) -> str:
    chosen = [one for one in packages if one.architecture in (architecture, ALL)]
    return _paragraphs(one.paragraph + _file_fields(one) for one in chosen)


def _file_fields(package: Package) -> str:
    (file,) = package.files
    return f"Filename: {file.path}\nSize: {file.size}\nSHA256: {file.sha256}\n"


def _sources(packages: Iterable[Package]) -> str:
    return _paragraphs(one.paragraph + _table(one) for one in packages if one.architecture == SOURCE)


def _table(package: Package) -> str:
    folder = package.files[0].path.rpartition("/")[0]
    lines = "".join(f" {file.sha256} {file.size} {file.path.rpartition('/')[2]}\n" for file in package.files)
    return f"Directory: {folder}\nChecksums-Sha256:\n{lines}"


def _paragraphs(texts: Iterable[str]) -> str:
    return "\n".join(texts)
