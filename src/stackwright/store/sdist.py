"""A source distribution (PEP 517, PEP 625: one tar.gz with one top directory) as commands of git-fast-import(1)."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.store import feed, paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 1 << 16
UNREADABLE = (tarfile.TarError, EOFError, OSError, zlib.error)


def commands(archive: Path) -> Iterator[bytes]:
    """Give the commands that make the tree of an archive and print its id; members are checked one by one.

    :raises InputError: it is not a whole tar.gz, or a member does not belong in a tree (the member is named)
    """
    reader = _Reader(archive)
    yield feed.HEAD
    with gzip.open(archive) as unpacked, _open(archive, unpacked) as members:
        while (member := reader.next(members)) is not None:
            yield from reader.member(members, member)
        reader.finish(unpacked)
    if reader.top is None or not reader.files:
        raise InputError("the archive is empty", where=Where(file=archive), fix="give the source distribution")
    yield feed.TAIL


class _Reader:
    """What has to be remembered from one member to the next."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.top: str | None = None
        self.files: set[str] = set()
        self.links: set[str] = set()

    def next(self, members: tarfile.TarFile) -> tarfile.TarInfo | None:
        try:
            return members.next()
        except UNREADABLE as error:
            raise _damaged(self.archive, error) from error

    def finish(self, unpacked: gzip.GzipFile) -> None:
        """See that the archive is there to its end: cut off between two members, it would look like a smaller one."""
        try:
            while unpacked.read(CHUNK):
                pass
        except UNREADABLE as error:
            raise _damaged(self.archive, error) from error

    def member(self, members: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
        path = self._path(member)
        if not path:
            return
        if member.isreg():
            try:
                stream = members.extractfile(member)
                assert stream is not None
                content = stream.read()
            except UNREADABLE as error:
                raise _damaged(self.archive, error) from error
            if len(content) != member.size:
                raise _damaged(self.archive, f"{member.name!r} ends early")
            self.files.add(path)
            yield feed.put(b"100755" if member.mode & 0o100 else b"100644", path, content)
        elif member.issym():
            if paths.leaves_tree(path, member.linkname):
                raise self._refused(member, f"it is a link that leaves the tree: {member.linkname!r}")
            self.files.add(path)
            self.links.add(path)
            yield feed.put(b"120000", path, feed.encoded(member.linkname))
        elif member.islnk():
            target = self._below_top(member, member.linkname)
            if target not in self.files:
                raise self._refused(member, f"it is a hard link to what is not in the archive: {member.linkname!r}")
            self.files.add(path)
            yield b"C %s %s\n" % (feed.quoted(target), feed.quoted(path))
        elif not member.isdir():
            raise self._refused(member, "it is a device, a pipe or of an unknown type")

    def _path(self, member: tarfile.TarInfo) -> str:
        """Give the path of a member in the tree; empty for the top directory itself."""
        path = self._below_top(member, member.name)
        if not path and not member.isdir():
            raise self._refused(member, "it is not in a directory: every file of an sdist is in NAME-VERSION/")
        for directory in paths.above(path):
            if directory in self.links:
                raise self._refused(member, f"it is written through the link {directory!r}")
        return path

    def _below_top(self, member: tarfile.TarInfo, name: str) -> str:
        while name.startswith("./"):
            name = name[2:]
        reason = paths.why_unsafe(name.rstrip("/")) if name not in ("", ".") else None
        if reason:
            raise self._refused(member, reason)
        top, _, path = name.rstrip("/").partition("/")
        if top in ("", "."):
            return ""
        if self.top is None:
            self.top = top
        if top != self.top:
            raise self._refused(member, f"the archive has several top directories: {self.top!r} and {top!r}")
        return path

    def _refused(self, member: tarfile.TarInfo, why: str) -> InputError:
        return InputError(
            f"the archive has a member {member.name!r} that does not belong in a tree",
            where=Where(file=self.archive),
            why=why,
            fix="if you trust the archive, unpack it and give the directory as a `path:` source",
        )


def _open(archive: Path, unpacked: gzip.GzipFile) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=unpacked, mode="r|", encoding="utf-8", errors="surrogateescape")
    except UNREADABLE as error:
        raise _damaged(archive, error) from error


def _damaged(archive: Path, cause: object) -> InputError:
    return InputError(
        "the archive is not a whole tar.gz",
        where=Where(file=archive),
        why=str(cause),
        fix="remove the file and run the command again",
    )
