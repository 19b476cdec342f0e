"""Packages on their way into a repository: what a .changes names, or a folder of a build has; read and verified."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.apt_repository.indexes import COMPONENT, SOURCE
from stackwright.build.apt_repository.record import Build, Package, PoolFile
from stackwright.build.cache import sha256_of
from stackwright.build.debian.deb822 import paragraphs, written
from stackwright.build.debian.version import Version
from stackwright.errors import CheckFailedError, InputError, Where
from stackwright.sources.dsc import signed_text
from stackwright.tools import dpkg_deb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from stackwright.build.debian.deb822 import Paragraph

# deb-changes(5)
CHECKSUMS = "Checksums-Sha256"
NEEDED = ("Source", "Version", CHECKSUMS)
# Of a .dsc, what a Sources index says otherwise (its name, its files), or not at all.
LEFT_OUT = {"format", "source", "files", "checksums-sha1", "checksums-sha256"}
FIRST = ("Package", "Source", "Version", "Architecture")


@dataclass(frozen=True)
class Incoming:
    """A build that a repository can take.

    :param files: where each of its files is now, by its path in the repository
    """

    build: Build
    files: Mapping[str, Path]


def read_incoming(files: Iterable[Path], at: int) -> tuple[Incoming, ...]:
    """Read some .changes files; a .dsc among them is the source package of the .changes of its name and version.

    :param at: when they are added, in seconds since the epoch
    :raises InputError: one is neither, a .dsc belongs to none of them, or as `read_changes`
    :raises CheckFailedError: as `read_changes`
    """
    named = list(files)
    dscs = {_identity(file): file for file in named if file.suffix == ".dsc"}
    changes = {file: _identity(file) for file in named if file.suffix != ".dsc"}
    for identity, dsc in dscs.items():
        if identity not in changes.values():
            raise InputError(
                f"the source package {' '.join(identity)} comes without its binary packages",
                where=Where(dsc),
                fix="name the .changes of its build, too",
            )
    return tuple(read_changes(file, at, dscs.get(identity)) for file, identity in changes.items())


def read_changes(file: Path, at: int, dsc: Path | None = None) -> Incoming:
    """Read what a .changes names; what it is signed with is not looked at: whoever adds it vouches for it.

    :param at: when it is added, in seconds since the epoch
    :param dsc: the source package, where the .changes is of binary packages alone
    :raises InputError: it is no .changes, or a file is missing or no package
    :raises CheckFailedError: a file is not the one that is named
    """
    fields = _paragraph(file)
    if missing := [name for name in NEEDED if name not in fields]:
        raise InputError(
            f"it has no field {missing[0]}", where=Where(file), fix="take the .changes of dpkg-buildpackage"
        )
    named = dict(_named(fields, file))
    try:
        Version.parse(fields["Version"])
    except ValueError as error:
        raise InputError(str(error), where=Where(file), fix="build it with a version as in deb-version(7)") from error
    source = fields["Source"].split()[0]
    dscs = [file.parent / name for name in named if name.endswith(".dsc")] or ([dsc] if dsc else [])
    found = {name: _verified(file.parent / name, sha256, file) for name, sha256 in named.items()}
    debs = [path for name, path in sorted(found.items()) if name.endswith((".deb", ".ddeb"))]
    if not debs:
        raise InputError(
            "there is no binary package in it", where=Where(file), fix="build them first: stackwright build deb"
        )
    made = [_binary(path, source) for path in debs]
    made += [_source(one) for one in dscs]
    return Incoming(
        Build(source=source, version=fields["Version"], added=at, packages=tuple(package for package, _ in made)),
        {path: place for _, files in made for path, place in files.items()},
    )


def _identity(file: Path) -> tuple[str, str]:
    fields = _paragraph(file)
    if missing := [name for name in ("Source", "Version") if name not in fields]:
        raise InputError(f"it has no field {missing[0]}", where=Where(file), fix="name a .changes or a .dsc")
    return fields["Source"].split()[0], fields["Version"]


def pool_folder(source: str) -> str:
    """Give the folder of the pool that a source package's files lie in, as Debian's has it."""
    return f"pool/{COMPONENT}/{source[:4] if source.startswith('lib') else source[0]}/{source}"


def _binary(file: Path, source: str) -> tuple[Package, dict[str, Path]]:
    text = dpkg_deb.control(file)
    (fields,) = paragraphs(text, file)
    made = _pool_file(file, source)
    package = Package(
        name=fields["Package"],
        version=fields["Version"],
        architecture=fields["Architecture"],
        files=(made,),
        paragraph=_ordered(fields),
    )
    return package, {made.path: file}


def _source(dsc: Path) -> tuple[Package, dict[str, Path]]:
    fields = _paragraph(dsc)
    source = fields["Source"]
    files = [_verified(dsc.parent / name, sha256, dsc) for name, sha256 in _named(fields, dsc)]
    made = {_pool_file(one, source): one for one in (dsc, *files)}
    said = {name: value for name, value in fields.items() if name.lower() not in LEFT_OUT}
    package = Package(
        name=source,
        version=fields["Version"],
        architecture=SOURCE,
        files=tuple(made),
        paragraph=written([{"Package": source, "Format": fields["Format"], **said}]),
    )
    return package, {one.path: place for one, place in made.items()}


def _ordered(fields: Paragraph) -> str:
    """Give the paragraph of a binary package, with what it is called in front, as others have it."""
    names = [name for name in FIRST if name in fields]
    return written([{name: fields[name] for name in (*names, *(name for name in fields if name not in names))}])


def _paragraph(file: Path) -> Paragraph:
    try:
        text = signed_text(file.read_bytes(), file)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=Where(file)) from error
    found = list(paragraphs(text, file))
    if len(found) != 1:
        raise InputError(f"{len(found)} paragraphs in place of one", where=Where(file), fix="name a .changes or a .dsc")
    return found[0]


def _named(fields: Paragraph, file: Path) -> Iterable[tuple[str, str]]:
    """Give the files that are named, and their hashes; each lies beside the one that names it."""
    for line in fields[CHECKSUMS].strip().splitlines():
        form = re.fullmatch(r"\s*([0-9a-f]{64})\s+\d+\s+([A-Za-z0-9][A-Za-z0-9.+~_%:-]*)", line)
        if form is None:
            raise InputError(
                f"{line.strip()[:120]!r} is not a hash, a size and the name of a file beside it", where=Where(file)
            )
        yield form[2], form[1]


def _verified(file: Path, sha256: str, by: Path) -> Path:
    if not file.is_file():
        raise InputError(f"the file {file.name} is missing", where=Where(by), fix=f"lay it into {by.parent}")
    if (found := sha256_of(file)) != sha256:
        raise CheckFailedError(
            f"{file.name} is not the file that is named",
            where=Where(by),
            details=f"    expected SHA-256 {sha256}\n    found    SHA-256 {found}",
            fix="build it again: it was changed, or the build was cut off",
        )
    return file


def _pool_file(file: Path, source: str) -> PoolFile:
    path = f"{pool_folder(source)}/{file.name}"
    return PoolFile(path=path, size=file.stat().st_size, sha256=sha256_of(file))
