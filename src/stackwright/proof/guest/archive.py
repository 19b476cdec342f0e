"""The archive that a kernel unpacks as its first file system: cpio's "newc" format.

Format: https://www.kernel.org/doc/html/latest/driver-api/early-userspace/buffer-format.html
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAGIC = b"070701"
HEADER = 6 + 13 * 8
TRAILER = "TRAILER!!!"


@dataclass(frozen=True)
class Entry:
    """A file, directory or device of the archive.

    :param path: without a slash at its beginning
    :param mode: type and permissions, as in stat(2)
    :param device: major and minor number of a device
    """

    path: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def directory(path: str) -> Entry:
    """Give a directory that all may read."""
    return Entry(path, stat.S_IFDIR | 0o755)


def file(path: str, data: bytes, *, executable: bool = False) -> Entry:
    """Give a file that all may read."""
    return Entry(path, stat.S_IFREG | (0o755 if executable else 0o644), data)


def character_device(path: str, major: int, minor: int) -> Entry:
    """Give a character device."""
    return Entry(path, stat.S_IFCHR | 0o600, device=(major, minor))


def pack(entries: Iterable[Entry]) -> bytes:
    """Give the archive. The same entries give the same bytes: all is root's, and as old as the epoch."""
    packed = [_pack(number, entry) for number, entry in enumerate(entries, start=1)]
    return b"".join([*packed, _pack(0, Entry(TRAILER, 0))])


def unpack(archive: bytes) -> Iterator[Entry]:
    """Give the entries of an archive."""
    at = 0
    while archive[at : at + 6] == MAGIC:
        fields = [int(archive[start : start + 8], 16) for start in range(at + 6, at + HEADER, 8)]
        mode, size, major, minor, name_size = fields[1], fields[6], fields[9], fields[10], fields[11]
        path = archive[at + HEADER : at + HEADER + name_size - 1].decode()
        if path == TRAILER:
            return
        start = at + _padded(HEADER + name_size)
        yield Entry(path, mode, archive[start : start + size], (major, minor))
        at = start + _padded(size)


def _pack(number: int, entry: Entry) -> bytes:
    name = entry.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    owner = group = age = checksum = 0
    fields = [number, entry.mode, owner, group, links, age, len(entry.data), 0, 0, *entry.device, len(name), checksum]
    header = MAGIC + b"".join(b"%08X" % field for field in fields)
    return _fill(header + name) + _fill(entry.data)


def _fill(data: bytes) -> bytes:
    return data.ljust(_padded(len(data)), b"\0")


def _padded(size: int) -> int:
    return (size + 3) // 4 * 4
