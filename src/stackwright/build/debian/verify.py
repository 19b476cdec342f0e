"""What is different in two packages that were to be the same, and in what they were built with."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

from stackwright.build.debian.deb822 import paragraphs, relations
from stackwright.tools import dpkg_deb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST = 10  # files that are named


def differences(one: Path, other: Path) -> tuple[str, ...]:
    """Say what of a package differs from its second build: files that are, by name, else that the package does."""
    if not one.exists() or not other.exists():
        return (f"{one.name}: made only {'the first' if one.exists() else 'the second'} time",)
    first, second = dict(_members(one)), dict(_members(other))
    changed = sorted(path for path in {*first, *second} if first.get(path) != second.get(path))
    shown = tuple(f"{one.name}: {path}" for path in changed[:MOST])
    more = (f"{one.name}: and {len(changed) - MOST} more files",) if len(changed) > MOST else ()
    return (*shown, *more) or (f"{one.name}: the same files, packed in another way",)


def other_packages(one: Path, other: Path) -> tuple[str, ...]:
    """Say which packages the second of two builds had in other versions than the first, by their .buildinfo files."""
    first, second = _installed(one), _installed(other)
    changed = sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
    return tuple(f"{name} {first.get(name, 'not there')}, then {second.get(name, 'not there')}" for name in changed)


def _installed(buildinfo: Path) -> Mapping[str, str]:
    """Give what a package was built with: name -> version (deb-buildinfo(5): Installed-Build-Depends)."""
    (about,) = paragraphs(buildinfo.read_bytes(), buildinfo)
    return {one.name: one.version for group in relations(about["Installed-Build-Depends"]) for one in group}


def _members(deb: Path) -> Iterator[tuple[str, str]]:
    """Give every file of a package with all that the archive has of it."""
    with tarfile.open(fileobj=io.BytesIO(dpkg_deb.file_system(deb))) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.isfile() else None
            content = hashlib.sha256(stream.read()).hexdigest() if stream else member.linkname
            about = (member.type, member.mode, member.mtime, member.uid, member.gid, member.uname, content)
            yield member.name, repr(about)
